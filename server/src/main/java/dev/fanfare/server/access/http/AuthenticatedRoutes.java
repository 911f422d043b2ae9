package dev.fanfare.server.access.http;

import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.json.JsonException;
import java.util.Map;

/**
 * Creates authenticated routes: each names the credentials that it accepts, and its handler gets
 * the authenticated caller. A handler cannot skip the check: only the caller has the environment.
 */
public final class AuthenticatedRoutes {
  private final Authenticator authenticator;
  private final RateLimits limits;

  AuthenticatedRoutes(Authenticator authenticator, RateLimits limits) {
    this.authenticator = authenticator;
    this.limits = limits;
  }

  /** Handles one request of an authenticated caller. */
  @FunctionalInterface
  public interface Handler {
    /** Returns the response, or throws {@link HttpError}. */
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
      throw new IllegalArgumentException(method + " " + path + " accepts no credentials");
    }
    return new Route(method, path, access, exchange -> respond(access, exchange, handler));
  }

  private Response respond(Access access, Exchange exchange, Handler handler) {
    Caller caller = authenticator.caller(exchange, access.takesTokens());
    if (!access.metered()) {
      return respond(exchange, caller, handler);
    }
    if (isFree(access, exchange, caller)) {
      try {
        return respond(exchange, caller, handler);
      } catch (HttpError e) {
        limits.takeRequest(caller); // otherwise requests for invented ids would never be limited
        throw e;
      }
    }
    Map<String, String> headers = limits.takeRequest(caller);
    try {
      return respond(exchange, caller, handler).withMissing(headers);
    } catch (HttpError e) {
      throw new HttpError(e.response().withMissing(headers));
    }
  }

  private boolean isFree(Access access, Exchange exchange, Caller caller) {
    return !access.freeAtFirst().isEmpty()
        && limits.takeFree(caller, exchange.path(access.freeAtFirst()));
  }

  private static Response respond(Exchange exchange, Caller caller, Handler handler) {
    Response response;
    try {
      response = handler.handle(exchange, caller);
    } catch (JsonException e) {
      throw HttpError.of(e); // here, so that this error also gets the headers of the rate limit
    }
    if (caller.token() != null && !caller.wasAuthorized()) {
      throw new IllegalStateException("The handler did not check the scopes of the token");
    }
    return response;
  }
}
