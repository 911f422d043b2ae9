package dev.fanfare.server.access;

import dev.fanfare.server.http.Answer;
import dev.fanfare.server.http.HttpError;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An authenticated caller.
 *
 * @param environment the only environment it sees
 * @param scopes what a public access token allows; absent: a secret key, which allows everything
 */
public record Caller(Environment environment, @Nullable Scopes scopes) {

  /** Ends the request with 403 unless at least one of {@code resources} allows {@code action}. */
  public void requireAny(String action, Scopes.Resource... resources) {
    if (scopes == null) {
      return;
    }
    for (Scopes.Resource resource : resources) {
      if (scopes.allow(action, resource)) {
        return;
      }
    }
    throw forbidden();
  }

  private static HttpError forbidden() {
    return new HttpError(
        Answer.json(
            403,
            Map.of(
                "error", "Unauthorized",
                "code", "unauthorized",
                "param", "access_token",
                "type", "authorization")));
  }
}
