package dev.fanfare.server.access.http;

import dev.fanfare.server.access.Environment;
import dev.fanfare.server.access.OneTimeToken;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Response;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The authenticated sender of a request: the holder of a secret key, who may do everything in its
 * environment, or of a public access token, who may do what the scopes of the token allow. Confined
 * to the thread that handles the request.
 */
public final class Caller {
  private final Environment environment;
  private final String signingKey;
  private final @Nullable PublicToken token;
  private boolean authorized;

  private Caller(Environment environment, String signingKey, @Nullable PublicToken token) {
    this.environment = environment;
    this.signingKey = signingKey;
    this.token = token;
  }

  static Caller withKey(Environment environment, String key) {
    return new Caller(environment, key, null);
  }

  /**
   * The holder of a public access token.
   *
   * @param signingKey the secret key that the token is signed with
   */
  static Caller withToken(Environment environment, String signingKey, PublicToken token) {
    return new Caller(environment, signingKey, token);
  }

  /** The caller's environment, the only one that it can access. */
  public Environment environment() {
    return environment;
  }

  /** The caller's token, or {@code null} when it has a secret key. */
  @Nullable PublicToken token() {
    return token;
  }

  /** Whether the caller has a token instead of a secret key. */
  public boolean hasToken() {
    return token != null;
  }

  /** The one-time token that a trigger uses up, or {@code null} when triggers are not limited. */
  public @Nullable OneTimeToken oneTimeToken() {
    return token == null || !token.oneTime()
        ? null
        : new OneTimeToken(token.hash(), token.expiresAt());
  }

  /** The secret key that signs the tokens in responses. */
  String signingKey() {
    return signingKey;
  }

  /** Whether a handler called one of the methods that check scopes, as it must for a token. */
  boolean wasAuthorized() {
    return authorized;
  }

  /**
   * Ends the request with 403 unless {@code action} is allowed for at least one of {@code
   * resources}.
   */
  public void requireAny(String action, Scopes.Resource... resources) {
    authorized = true;
    if (token == null) {
      return;
    }
    for (Scopes.Resource resource : resources) {
      if (token.scopes().allow(action, resource)) {
        return;
      }
    }
    throw forbidden();
  }

  /** Whether {@code action} is allowed for {@code resource}. */
  public boolean may(String action, Scopes.Resource resource) {
    authorized = true;
    return token == null || token.scopes().allow(action, resource);
  }

  /**
   * Ends the request with 403 unless {@code action} is allowed for at least one resource of a type.
   */
  public void requireSome(String action, String type) {
    authorized = true;
    if (token != null && !token.scopes().allowSome(action, type)) {
      throw forbidden();
    }
  }

  /**
   * Ends the request with 403 unless {@code action} is allowed for each of {@code ids}. When there
   * are no ids, it must be allowed for all resources of the type.
   */
  public void requireEach(String action, String type, Collection<String> ids) {
    if (ids.isEmpty()) {
      requireAny(action, Scopes.all(type));
    }
    for (String id : ids) {
      requireAny(action, Scopes.one(type, id));
    }
  }

  /** The error of a caller whose token does not allow what it asks for. */
  public static HttpError forbidden() {
    return new HttpError(
        Response.json(
            403,
            Map.of(
                "error", "Unauthorized",
                "code", "unauthorized",
                "param", "access_token",
                "type", "authorization")));
  }

  /** Omits the key. */
  @Override
  public String toString() {
    return "Caller[" + environment + ", " + (token == null ? "key" : token.scopes()) + "]";
  }
}
