package dev.fanfare.sdk.internal;

import dev.fanfare.sdk.RawJson;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Between Java values and the JSON of payloads and outputs. Safe for use by many threads. */
public final class Codec {
  private static final String SUPER_JSON = "application/super+json";

  private final JsonMapper mapper;

  /** Uses the mapper of the application. */
  public Codec(JsonMapper mapper) {
    this.mapper = mapper;
  }

  /** The mapper of an application that brings none: records, java.time, unknown fields ignored. */
  public static JsonMapper defaultMapper() {
    return JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();
  }

  /** A value as JSON text. */
  public String encode(@Nullable Object value) {
    if (value instanceof RawJson raw) {
      return raw.text();
    }
    String text = mapper.writeValueAsString(value);
    // Half a surrogate pair is legal in a Java string and impossible in UTF-8: escape such texts.
    return hasLoneSurrogate(text)
        ? mapper.writer().with(JsonWriteFeature.ESCAPE_NON_ASCII).writeValueAsString(value)
        : text;
  }

  /** An output as JSON text; none for {@code null}. */
  public @Nullable String encodeOutput(@Nullable Object output) {
    return output == null ? null : encode(output);
  }

  /**
   * A payload or output.
   *
   * @param json JSON text; of a type that carries text, the string holding it
   * @param mediaType absent: {@code application/json}
   */
  public <T> @Nullable T decode(@Nullable String json, @Nullable String mediaType, Class<T> type) {
    if (json == null) {
      return null;
    }
    String plain = SUPER_JSON.equals(mediaType) ? plain(json) : json;
    return type == RawJson.class ? type.cast(new RawJson(plain)) : mapper.readValue(plain, type);
  }

  /** What the TypeScript SDK wraps, {@code {"json": …, "meta": …}} within a string, unwrapped. */
  private String plain(String json) {
    JsonNode wrapped = mapper.readTree(mapper.readValue(json, String.class));
    return wrapped.has("json") ? wrapped.get("json").toString() : "null";
  }

  private static boolean hasLoneSurrogate(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return true;
      }
    }
    return false;
  }
}
