package dev.fanfare.server.http;

/**
 * One HTTP method on one path, with its handler.
 *
 * @param method the HTTP method, upper case
 * @param path segments separated by slashes. {@code {name}} matches any one segment; {@code
 *     {name*}}, only at the end, matches one or more
 * @param access the credentials that it accepts
 * @param handler handles matching requests. For a route that accepts credentials, it includes the
 *     check of them
 */
public record Route(String method, String path, Access access, Handler handler) {
  /** Handles one request. It runs on a virtual thread and may block. */
  @FunctionalInterface
  public interface Handler {
    /** Returns the response, or throws {@link HttpError}. */
    Response handle(Exchange exchange);
  }
}
