package dev.fanfare.server.http;

import dev.fanfare.protocol.WireJson;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a handler answers.
 *
 * @param status the HTTP status
 * @param headers headers beside the content type
 * @param body JSON in UTF-8; empty for none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; the bytes go straight to the socket
public record Answer(int status, Map<String, String> headers, byte[] body) {

  /** Answers {@code value} as JSON. */
  public static Answer json(int status, Object value) {
    return new Answer(status, Map.of(), WireJson.mapper().writeValueAsBytes(value));
  }

  /** Answers JSON that is already written. */
  public static Answer json(int status, byte[] body) {
    return new Answer(status, Map.of(), body);
  }

  /** Answers the error shape of every endpoint: {@code {"error": message}}. */
  public static Answer error(int status, String message) {
    return json(status, Map.of("error", message));
  }

  /** The same answer with one more header. */
  public Answer with(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new Answer(status, more, body);
  }
}
