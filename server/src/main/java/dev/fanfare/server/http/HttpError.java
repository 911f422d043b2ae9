package dev.fanfare.server.http;

import dev.fanfare.server.json.JsonException;
import dev.fanfare.server.result.Refusal;
import java.util.List;
import java.util.Map;

/**
 * Ends the handling of a request with an error response. Client errors are expected, so it carries
 * no stack trace.
 */
public final class HttpError extends RuntimeException {
  private final transient Response response;

  /** Responds with {@code response}. */
  public HttpError(Response response) {
    super("HTTP " + response.status(), null, false, false);
    this.response = response;
  }

  /** Responds with {@code {"error": message}}. */
  public HttpError(int status, String message) {
    super(message, null, false, false);
    this.response = Response.error(status, message);
  }

  /** The response to a refusal. */
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

  /** 400, for a body that is not JSON or not of the expected form; 413 if a text is too long. */
  public static HttpError of(JsonException e) {
    return new HttpError(e.isTooLong() ? 413 : 400, String.valueOf(e.getMessage()));
  }

  /** 400, for a body that breaks a rule; {@code problem} names the field and what is allowed. */
  public static HttpError validation(String problem) {
    return new HttpError(400, "Validation error: " + problem);
  }

  /**
   * 408, for a request that did not arrive whole: the connection ended or was silent in the middle
   * of the body. What is missing may make the request valid, so it is never judged. Clients send it
   * again; a 400 they would take for a verdict.
   */
  static HttpError incomplete() {
    return new HttpError(Response.error(408, "The request body ended early").closing());
  }

  /** 499, as proxies log it: hardly anybody sees the response. */
  static HttpError clientGone() {
    return new HttpError(Response.error(499, "The client closed the connection").closing());
  }

  /** 400, for an invalid query parameter. */
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

  /** 400, for an invalid header. */
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

  /** The error response. */
  public Response response() {
    return response;
  }
}
