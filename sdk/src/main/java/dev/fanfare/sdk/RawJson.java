package dev.fanfare.sdk;

import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.fanfare.protocol.Surrogates;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.sdk.internal.RawJsonReader;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.annotation.JsonDeserialize;

/**
 * A JSON value as text, neither decoded nor reformatted: for payloads and outputs, or fields of
 * them, whose numbers and key order must be preserved. Immutable.
 *
 * @param text one JSON value
 */
@JsonDeserialize(using = RawJsonReader.class)
public record RawJson(@JsonValue @JsonRawValue String text) {

  /**
   * Checks that the text is JSON, because it becomes part of larger JSON unchanged. Lone surrogates
   * are escaped.
   *
   * @throws IllegalArgumentException when {@code text} is not exactly one JSON value
   */
  public RawJson {
    try (JsonParser parser = WireJson.mapper().createParser(text)) {
      if (parser.nextToken() == null) {
        throw new IllegalArgumentException("The JSON text is empty");
      }
      parser.skipChildren();
      if (parser.nextToken() != null) {
        throw new IllegalArgumentException("The JSON text has more than one value");
      }
    } catch (JacksonException e) {
      throw new IllegalArgumentException("The text is not JSON: " + e.getOriginalMessage(), e);
    }
    text = Surrogates.escapeLone(text);
  }

  @Override
  public String toString() {
    return text;
  }
}
