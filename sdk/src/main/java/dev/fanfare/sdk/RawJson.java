package dev.fanfare.sdk;

import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.sdk.internal.RawJsonReader;
import dev.fanfare.sdk.internal.Surrogates;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.databind.annotation.JsonDeserialize;

/**
 * A JSON value as its text, neither decoded nor printed anew: for payloads and outputs, and fields
 * of them, whose numbers and key order must stay as they are. Immutable.
 *
 * @param text one JSON value
 */
@JsonDeserialize(using = RawJsonReader.class)
public record RawJson(@JsonValue @JsonRawValue String text) {

  /**
   * Checks that it is JSON, since it becomes part of larger JSON as it is.
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
        throw new IllegalArgumentException("The JSON text holds more than one value");
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
