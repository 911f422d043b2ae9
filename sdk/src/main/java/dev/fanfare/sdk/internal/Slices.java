package dev.fanfare.sdk.internal;

import dev.fanfare.protocol.WireJson;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** Cuts values out of a JSON object as the text they came in. */
final class Slices {
  private Slices() {}

  /** The texts of those fields of an object that are there. */
  static Map<String, String> of(byte[] object, Set<String> names) {
    Map<String, String> slices = new HashMap<>();
    try (JsonParser parser = WireJson.mapper().createParser(object)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        int from = (int) parser.currentTokenLocation().getByteOffset();
        parser.skipChildren();
        parser.finishToken();
        int to = (int) parser.currentLocation().getByteOffset();
        if (names.contains(name)) {
          slices.put(name, new String(object, from, to - from, StandardCharsets.UTF_8));
        }
      }
    }
    return slices;
  }
}
