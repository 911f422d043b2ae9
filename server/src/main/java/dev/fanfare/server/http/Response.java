package dev.fanfare.server.http;

import dev.fanfare.protocol.WireJson;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An HTTP response.
 *
 * @param status the HTTP status
 * @param headers the headers; without a {@code Content-Type}, it is JSON
 * @param body the body, in memory or streamed
 */
public record Response(int status, Map<String, String> headers, Body body) {
  /** The longest answer that is sent with its length although it could be streamed. */
  private static final long IN_MEMORY_BYTES_MAX = 256 * 1024;

  /** A body in memory, or one that is streamed. */
  public sealed interface Body {}

  /** A body in memory, usually JSON in UTF-8. No bytes: no body. */
  @SuppressWarnings("ArrayRecordComponent") // never compared; the bytes go straight to the socket
  public record Whole(byte[] bytes) implements Body {}

  /**
   * A body that is written while it is produced, because it may be too large for memory. A failure
   * in the middle closes the connection, so that the client does not mistake a part for the whole.
   */
  public non-sealed interface Streamed extends Body {
    /** Writes the body and closes {@code out}. Called once, after the status and headers. */
    void writeTo(OutputStream out);
  }

  /** A response with {@code value} as JSON. */
  public static Response json(int status, Object value) {
    return json(status, WireJson.mapper().writeValueAsBytes(value));
  }

  /** A response with a JSON text in UTF-8. */
  public static Response json(int status, byte[] body) {
    return new Response(status, Map.of(), new Whole(body));
  }

  /** A response with streamed JSON. */
  public static Response stream(int status, Streamed body) {
    return new Response(status, Map.of(), body);
  }

  /** A JSON response that is written when it is sent, or in memory if it is small. */
  public static Response json(int status, long estimatedBytes, Streamed body) {
    if (estimatedBytes > IN_MEMORY_BYTES_MAX) {
      return stream(status, body);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
    body.writeTo(out);
    return json(status, out.toByteArray());
  }

  /** An error response in the form of every endpoint: {@code {"error": message}}. */
  public static Response error(int status, String message) {
    return json(status, Map.of("error", message));
  }

  /** A copy that closes the connection: the rest of the input cannot be trusted. */
  public Response closing() {
    return with("Connection", "close");
  }

  boolean isClosing() {
    return "close".equals(headers.get("Connection"));
  }

  /**
   * An error response in the form of RFC 9457, which also has the {@code error} of every endpoint.
   *
   * @param more additional members of the object
   */
  public static Response problem(
      int status, String title, String detail, String error, Map<String, Object> more) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("title", title);
    body.put("status", status);
    body.put("type", "https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/" + status);
    body.put("detail", detail);
    body.putAll(more);
    body.put("error", error);
    return json(status, body).with("Content-Type", "application/problem+json");
  }

  /** A copy with one more header. */
  public Response with(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new Response(status, more, body);
  }

  /** A copy with those headers of {@code others} that this response lacks. */
  public Response withMissing(Map<String, String> others) {
    Map<String, String> more = new LinkedHashMap<>(others);
    more.putAll(headers);
    return new Response(status, more, body);
  }
}
