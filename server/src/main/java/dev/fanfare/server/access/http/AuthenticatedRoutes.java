package dev.fanfare.server.access.http;

import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.json.JsonException;
import java.util.Map;

/**
 * Makes the routes that ask who calls: each says which credentials it takes, and its handler is
 * given a caller who has shown one. A handler cannot forget to check, for without a door it has no
 * caller, and without a caller no environment.
 */
public final class AuthenticatedRoutes {
  private final Authenticator authenticator;
  private final RateLimits limits;

  AuthenticatedRoutes(Authenticator authenticator, RateLimits limits) {
    this.authenticator = authenticator;
    this.limits = limits;
  }

  /** Answers one request of a known caller. */
  @FunctionalInterface
  public interface Handler {
    /** Answers, or throws {@link HttpError}. */
    Response handle(Exchange exchange, Caller caller);
  }

  /** A GET route. */
  public Route get(String path, Access access, Handler handler) {
    return route("GET", path, access, handler);
  }

  /** A POST route. */
  public Route post(String path, Access access, Handler handler) {
    return route("POST", path, access, handler);
  }

  /** A DELETE route. */
  public Route delete(String path, Access access, Handler handler) {
    return route("DELETE", path, access, handler);
  }

  /** A route of any method. */
  public Route route(String method, String path, Access access, Handler handler) {
    if (!access.takesCredentials()) {
      throw new IllegalArgumentException(method + " " + path + " asks nobody, so it has no door");
    }
    return new Route(method, path, access, exchange -> answer(access, exchange, handler));
  }

  private Response answer(Access access, Exchange exchange, Handler handler) {
    Caller caller = authenticator.caller(exchange, access.takesTokens());
    if (!access.metered()) {
      return answer(exchange, caller, handler);
    }
    if (isFree(access, exchange, caller)) {
      try {
        return answer(exchange, caller, handler);
      } catch (HttpError e) {
        limits.takeRequest(caller); // or whoever invents what it names would never be limited
        throw e;
      }
    }
    Map<String, String> headers = limits.takeRequest(caller);
    try {
      return answer(exchange, caller, handler).withMissing(headers);
    } catch (HttpError e) {
      throw new HttpError(e.answer().withMissing(headers));
    }
  }

  private boolean isFree(Access access, Exchange exchange, Caller caller) {
    return !access.freeAtFirst().isEmpty()
        && limits.takeFree(caller, exchange.path(access.freeAtFirst()));
  }

  private static Response answer(Exchange exchange, Caller caller, Handler handler) {
    Response answer;
    try {
      answer = handler.handle(exchange, caller);
    } catch (JsonException e) {
      throw HttpError.of(e);
    }
    if (caller.token() != null && !caller.wasAsked()) {
      throw new IllegalStateException("A token was answered and its scopes were not looked at");
    }
    return answer;
  }
}
