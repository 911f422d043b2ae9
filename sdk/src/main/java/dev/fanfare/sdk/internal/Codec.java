package dev.fanfare.sdk.internal;

import dev.fanfare.protocol.Surrogates;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.sdk.RawJson;
import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Encodes and decodes payloads and outputs. Safe for use by many threads. */
public final class Codec {
  private static final String JSON = "application/json";
  private static final String SUPER_JSON = "application/super+json";
  private static final String TEXT = "text/plain";

  private final JsonMapper mapper;
  private final ObjectWriter part;

  /** Encodes and decodes with the application's mapper. */
  public Codec(JsonMapper mapper) {
    this.mapper = mapper;
    this.part = mapper.writer().without(SerializationFeature.FLUSH_AFTER_WRITE_VALUE);
  }

  /** The wrapper of {@code application/super+json} values, as the TypeScript SDK writes them. */
  private record SuperJson(@Nullable RawJson json) {}

  /**
   * A type to decode values to.
   *
   * @param <T> the type
   */
  @SuppressWarnings("UnusedTypeParameter") // saves callers a cast
  public record Target<T>(JavaType type) {}

  /** The target for a type, which may have type arguments. */
  public <T> Target<T> target(Type type) {
    return new Target<>(mapper.constructType(type));
  }

  /** Encodes a value as JSON text. Lone surrogates, which UTF-8 cannot encode, are escaped. */
  public String encode(Object value) {
    return value instanceof RawJson raw
        ? raw.text()
        : Surrogates.escapeLone(mapper.writeValueAsString(value));
  }

  /** Writes values as parts of a larger body. */
  ObjectWriter part() {
    return part;
  }

  /**
   * Decodes a payload.
   *
   * @param json JSON text; for a media type other than {@code application/json}, a JSON string with
   *     the payload's text
   * @param mediaType absent: {@code application/json}
   * @throws JacksonException when the payload does not fit the target
   * @throws IllegalArgumentException when the media type cannot be decoded
   */
  public <T> @Nullable T decode(
      @Nullable String json, @Nullable String mediaType, Target<T> target) {
    return json == null ? null : read(plain(json, mediaType == null ? JSON : mediaType), target);
  }

  /** Converts an output, which the server sends as plain text of its media type, to JSON. */
  public @Nullable RawJson output(@Nullable String text, @Nullable String mediaType) {
    if (text == null) {
      return null;
    }
    return switch (mediaType == null ? JSON : mediaType) {
      case JSON -> new RawJson(text);
      case SUPER_JSON -> new RawJson(unwrapped(text));
      default -> new RawJson(WireJson.mapper().writeValueAsString(text));
    };
  }

  /** Decodes a value; {@code null} for the JSON value null. */
  public <T> @Nullable T read(String json, Target<T> target) {
    return RawJsonReader.of(mapper, target.type, json).readValue(json);
  }

  private static String plain(String json, String mediaType) {
    return switch (mediaType) {
      case JSON, TEXT -> json;
      case SUPER_JSON -> unwrapped(WireJson.mapper().readValue(json, String.class));
      default -> throw new IllegalArgumentException(mediaType + " is not supported");
    };
  }

  /** The value in {@code {"json": …, "meta": …}}; missing means undefined and becomes null. */
  private static String unwrapped(String text) {
    JavaType type = WireJson.mapper().constructType(SuperJson.class);
    SuperJson wrapped = RawJsonReader.of(WireJson.mapper(), type, text).readValue(text);
    return wrapped == null || wrapped.json == null ? "null" : wrapped.json.text();
  }
}
