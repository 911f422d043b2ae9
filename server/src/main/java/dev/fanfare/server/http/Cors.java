package dev.fanfare.server.http;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Lets scripts of any origin call the routes that take public access tokens, and presigned URLs.
 * The token or the URL is all the authority there is: no cookie is read, so no credentials are
 * allowed to ride along.
 */
final class Cors {
  /** Without this a script sees none of them. */
  private static final String EXPOSED =
      "x-trigger-jwt, x-trigger-jwt-claims, x-should-retry, x-ratelimit-limit,"
          + " x-ratelimit-remaining, x-ratelimit-reset, retry-after";

  private static final String METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE";
  private static final String MAX_AGE_SECONDS = "300";

  private Cors() {}

  /** Tells a browser, before it sends anything, what it may send. */
  static Response preflight(Headers request) {
    Response answer =
        allow(Response.json(200, Map.of()), request)
            .with("Access-Control-Allow-Methods", METHODS)
            .with("Access-Control-Max-Age", MAX_AGE_SECONDS);
    String asked = value(request, HeaderNames.ACCESS_CONTROL_REQUEST_HEADERS);
    return asked == null ? answer : answer.with("Access-Control-Allow-Headers", asked);
  }

  /** Lets the origin that asked see the answer, errors too. */
  static Response allow(Response answer, Headers request) {
    Response varied = answer.with("Vary", "Origin");
    String origin = value(request, HeaderNames.ORIGIN);
    return origin == null
        ? varied
        : varied
            .with("Access-Control-Allow-Origin", origin)
            .with("Access-Control-Expose-Headers", EXPOSED);
  }

  private static @Nullable String value(Headers request, HeaderName name) {
    return request.value(name).orElse(null);
  }
}
