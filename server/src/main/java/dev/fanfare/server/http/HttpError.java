package dev.fanfare.server.http;

import java.util.List;
import java.util.Map;

/**
 * Ends the handling of a request with an error answer. It is the expected end of a client's
 * mistake, so it carries no stack trace.
 */
public final class HttpError extends RuntimeException {
  private final transient Answer answer;

  /** Ends with this answer. */
  public HttpError(Answer answer) {
    super("HTTP " + answer.status(), null, false, false);
    this.answer = answer;
  }

  /** Ends with {@code {"error": message}}. */
  public HttpError(int status, String message) {
    super(message, null, false, false);
    this.answer = Answer.error(status, message);
  }

  /** 400, for a body that does not have the shape it should. */
  public static HttpError validation(String what) {
    return new HttpError(400, "Validation error: " + what);
  }

  /** 400, for a query parameter. */
  public static HttpError query(String name, String message) {
    return new HttpError(
        Answer.json(
            400,
            Map.of(
                "error",
                "Query Error",
                "details",
                List.of(Map.of("code", "custom", "path", List.of(name), "message", message)))));
  }

  /** 400, for a header. */
  public static HttpError header(String name, String message) {
    return new HttpError(
        Answer.json(
            400,
            Map.of(
                "error",
                "Headers Error",
                "details",
                List.of(Map.of("code", "custom", "path", List.of(name), "message", message)))));
  }

  /** What to send. */
  public Answer answer() {
    return answer;
  }
}
