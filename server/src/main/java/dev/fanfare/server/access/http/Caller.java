package dev.fanfare.server.access.http;

import dev.fanfare.server.access.Environment;
import dev.fanfare.server.access.OneTimeToken;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Response;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who sends a request: the holder of a secret key, who may do everything in its environment, or of
 * a public access token, who may do what the token's scopes say. Belongs to the thread that handles
 * the request.
 */
public final class Caller {
  private final Environment environment;
  private final String signingKey;
  private final @Nullable PublicToken token;
  private boolean asked;

  private Caller(Environment environment, String signingKey, @Nullable PublicToken token) {
    this.environment = environment;
    this.signingKey = signingKey;
    this.token = token;
  }

  static Caller withKey(Environment environment, String key) {
    return new Caller(environment, key, null);
  }

  /**
   * @param signingKey the secret key that the token is signed with
   */
  static Caller withToken(Environment environment, String signingKey, PublicToken token) {
    return new Caller(environment, signingKey, token);
  }

  /** The only environment it sees. */
  public Environment environment() {
    return environment;
  }

  /** The token it came with; absent: it holds a secret key. */
  @Nullable PublicToken token() {
    return token;
  }

  /** Whether it came with a token and not with a secret key. */
  public boolean hasToken() {
    return token != null;
  }

  /** What it uses up by triggering; absent: it may trigger as often as it likes. */
  public @Nullable OneTimeToken oneTimeToken() {
    return token == null || !token.oneTime()
        ? null
        : new OneTimeToken(token.hash(), token.expiresAt());
  }

  /** What signs the tokens of its answers. */
  String signingKey() {
    return signingKey;
  }

  /** Whether {@link #requireAny} or {@link #requireEach} was called: a token's holder must be. */
  boolean wasAsked() {
    return asked;
  }

  /** Ends the request with 403 unless at least one of {@code resources} allows {@code action}. */
  public void requireAny(String action, Scopes.Resource... resources) {
    asked = true;
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

  /** Whether {@code resource} allows {@code action}; for a handler that has another way to ask. */
  public boolean may(String action, Scopes.Resource resource) {
    asked = true;
    return token == null || token.scopes().allow(action, resource);
  }

  /** Ends the request with 403 unless {@code action} is allowed for some resource of a type. */
  public void requireSome(String action, String type) {
    asked = true;
    if (token != null && !token.scopes().allowSome(action, type)) {
      throw forbidden();
    }
  }

  /**
   * Ends the request with 403 unless {@code action} is allowed for each of {@code ids}; for none of
   * them it must be allowed for all there could be.
   */
  public void requireEach(String action, String type, Collection<String> ids) {
    if (ids.isEmpty()) {
      requireAny(action, Scopes.all(type));
    }
    for (String id : ids) {
      requireAny(action, Scopes.one(type, id));
    }
  }

  private static HttpError forbidden() {
    return new HttpError(
        Response.json(
            403,
            Map.of(
                "error", "Unauthorized",
                "code", "unauthorized",
                "param", "access_token",
                "type", "authorization")));
  }

  /** Leaves out the key. */
  @Override
  public String toString() {
    return "Caller[" + environment + ", " + (token == null ? "key" : token.scopes()) + "]";
  }
}
