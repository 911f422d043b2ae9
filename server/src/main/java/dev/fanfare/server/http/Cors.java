package dev.fanfare.server.http;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * CORS headers of the routes that accept public access tokens or presigned URLs: scripts of any
 * origin may call them. The token or URL is the only authorization. The server reads no cookies, so
 * it does not allow credentials.
 */
final class Cors {
  /** Response headers that scripts may read. */
  private static final String EXPOSED =
      "x-trigger-jwt, x-trigger-jwt-claims, x-should-retry, x-ratelimit-limit,"
          + " x-ratelimit-remaining, x-ratelimit-reset, retry-after";

  private static final String METHODS = "GET,HEAD,PUT,PATCH,POST,DELETE";
  private static final String MAX_AGE_SECONDS = "300";

  private Cors() {}

  /** The response to a preflight request: the methods and headers that are allowed. */
  static Response preflight(Headers request) {
    Response response =
        allow(Response.json(200, Map.of()), request)
            .with("Access-Control-Allow-Methods", METHODS)
            .with("Access-Control-Max-Age", MAX_AGE_SECONDS);
    String requested = value(request, HeaderNames.ACCESS_CONTROL_REQUEST_HEADERS);
    return requested == null ? response : response.with("Access-Control-Allow-Headers", requested);
  }

  /** Allows the origin of the request to read the response, errors included. */
  static Response allow(Response response, Headers request) {
    Response varied = response.with("Vary", "Origin");
    String origin = value(request, HeaderNames.ORIGIN);
    return origin == null
        ? varied
        : varied
            .with("Access-Control-Allow-Origin", origin)
            .with("Access-Control-Expose-Headers", EXPOSED);
  }

  /** Allows whoever may read {@code allowed} to read another response to the same request. */
  static Response allowAs(Response allowed, Response response) {
    Map<String, String> headers = new LinkedHashMap<>(allowed.headers());
    headers.keySet().removeIf(name -> !name.startsWith("Access-Control-") && !name.equals("Vary"));
    return response.withMissing(headers);
  }

  private static @Nullable String value(Headers request, HeaderName name) {
    return request.value(name).orElse(null);
  }
}
