package dev.fanfare.sdk.internal;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.sdk.RawJson;
import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Between Java values and the JSON of payloads and outputs. Safe for use by many threads. */
public final class Codec {
  private static final String JSON = "application/json";
  private static final String SUPER_JSON = "application/super+json";
  private static final String TEXT = "text/plain";

  private final JsonMapper mapper;
  private final ObjectWriter part;

  /** Uses the mapper of the application. */
  public Codec(JsonMapper mapper) {
    this.mapper = mapper;
    this.part = mapper.writer().without(SerializationFeature.FLUSH_AFTER_WRITE_VALUE);
  }

  /** What the TypeScript SDK wraps values in. */
  private record SuperJson(@Nullable RawJson json) {}

  /**
   * A type that values are decoded to.
   *
   * @param <T> the type
   */
  @SuppressWarnings("UnusedTypeParameter") // it is what callers are spared a cast by
  public record Target<T>(JavaType type) {}

  /** The target for a type, which may have arguments. */
  public <T> Target<T> target(Type type) {
    return new Target<>(mapper.constructType(type));
  }

  /** A value as JSON text that UTF-8 can carry: half a surrogate pair in a string is escaped. */
  public String encode(Object value) {
    return value instanceof RawJson raw
        ? raw.text()
        : Surrogates.escapeLone(mapper.writeValueAsString(value));
  }

  /** What writes values as parts of a larger body. */
  ObjectWriter part() {
    return part;
  }

  /**
   * A payload.
   *
   * @param json JSON text; of a type that carries text, the string holding it
   * @param mediaType absent: {@code application/json}
   * @throws JacksonException when it does not fit
   * @throws IllegalArgumentException when the media type is none that can be decoded
   */
  public <T> @Nullable T decode(
      @Nullable String json, @Nullable String mediaType, Target<T> target) {
    return json == null ? null : read(plain(json, mediaType == null ? JSON : mediaType), target);
  }

  /** An output or an error, which the server gives as the text itself. */
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

  /** A value; {@code null} for the JSON value null. */
  public <T> @Nullable T read(String json, Target<T> target) {
    return RawJsonReader.of(mapper, target.type, json).readValue(json);
  }

  private static String plain(String json, String mediaType) {
    return switch (mediaType) {
      case JSON, TEXT -> json;
      case SUPER_JSON -> unwrapped(WireJson.mapper().readValue(json, String.class));
      default -> throw new IllegalArgumentException("payloads of type " + mediaType);
    };
  }

  /** The value within {@code {"json": …, "meta": …}}; without one it was undefined: null. */
  private static String unwrapped(String text) {
    JavaType type = WireJson.mapper().constructType(SuperJson.class);
    SuperJson wrapped = RawJsonReader.of(WireJson.mapper(), type, text).readValue(text);
    return wrapped == null || wrapped.json == null ? "null" : wrapped.json.text();
  }
}
