package dev.fanfare.server.http;

import dev.fanfare.protocol.WireJson;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a handler answers.
 *
 * @param status the HTTP status
 * @param headers headers; the content type is JSON unless it is among them
 * @param body what is sent
 */
public record Response(int status, Map<String, String> headers, Body body) {

  /** What is sent: whole, or as it is made. */
  public sealed interface Body {}

  /** JSON in UTF-8, held whole; empty for none. */
  @SuppressWarnings("ArrayRecordComponent") // never compared; the bytes go straight to the socket
  public record Whole(byte[] bytes) implements Body {}

  /**
   * What is written while it is made or read, when it may be too long to be held. A failure in the
   * middle ends the connection, so that the client does not take a part for the whole.
   */
  public non-sealed interface Streamed extends Body {
    /** Writes the body and closes it; called once, after the status and headers. */
    void writeTo(OutputStream out);
  }

  /** Answers {@code value} as JSON. */
  public static Response json(int status, Object value) {
    return json(status, WireJson.mapper().writeValueAsBytes(value));
  }

  /** Answers JSON that is already written. */
  public static Response json(int status, byte[] body) {
    return new Response(status, Map.of(), new Whole(body));
  }

  /** Answers JSON that is written while it is made. */
  public static Response stream(int status, Streamed body) {
    return new Response(status, Map.of(), body);
  }

  /** Answers the error shape of every endpoint: {@code {"error": message}}. */
  public static Response error(int status, String message) {
    return json(status, Map.of("error", message));
  }

  /** The same answer, after which the connection is closed: what follows on it means nothing. */
  public Response closing() {
    return with("Connection", "close");
  }

  boolean isClosing() {
    return "close".equals(headers.get("Connection"));
  }

  /**
   * Answers an error in the form of RFC 9457, with {@code error} beside it as everywhere.
   *
   * @param more further members
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

  /** The same answer with one more header. */
  public Response with(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(name, value);
    return new Response(status, more, body);
  }

  /** The same answer with those of {@code others} that it does not have yet. */
  public Response withMissing(Map<String, String> others) {
    Map<String, String> more = new LinkedHashMap<>(others);
    more.putAll(headers);
    return new Response(status, more, body);
  }
}
