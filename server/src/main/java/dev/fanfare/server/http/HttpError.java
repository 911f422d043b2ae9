package dev.fanfare.server.http;

import dev.fanfare.server.json.JsonException;
import dev.fanfare.server.result.Refusal;
import java.util.List;
import java.util.Map;

/**
 * Ends the handling of a request with an error answer. It is the expected end of a client's
 * mistake, so it carries no stack trace.
 */
public final class HttpError extends RuntimeException {
  private final transient Response answer;

  /** Ends with this answer. */
  public HttpError(Response answer) {
    super("HTTP " + answer.status(), null, false, false);
    this.answer = answer;
  }

  /** Ends with {@code {"error": message}}. */
  public HttpError(int status, String message) {
    super(message, null, false, false);
    this.answer = Response.error(status, message);
  }

  /** What becomes of a refused use case. */
  public static HttpError of(Refusal refusal) {
    int status =
        switch (refusal.reason()) {
          case INVALID -> 400;
          case NOT_FOUND -> 404;
          case GONE -> 410;
          case TOO_LARGE -> 413;
          case UNPROCESSABLE -> 422;
        };
    return new HttpError(status, refusal.message());
  }

  /** What becomes of a body that is not the JSON it should be. */
  public static HttpError of(JsonException e) {
    return new HttpError(400, String.valueOf(e.getMessage()));
  }

  /** 400, for a body that does not have the shape it should. */
  public static HttpError validation(String what) {
    return new HttpError(400, "Validation error: " + what);
  }

  /** 400, for a query parameter. */
  public static HttpError query(String name, String message) {
    return new HttpError(
        Response.json(
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
        Response.json(
            400,
            Map.of(
                "error",
                "Headers Error",
                "details",
                List.of(Map.of("code", "custom", "path", List.of(name), "message", message)))));
  }

  /** What to send. */
  public Response answer() {
    return answer;
  }
}
