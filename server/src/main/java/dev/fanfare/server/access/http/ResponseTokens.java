package dev.fanfare.server.access.http;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.http.Response;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives the answer to a trigger a token that can read what was triggered, and the claims with which
 * an SDK signs one itself.
 */
public final class ResponseTokens {
  private final PublicTokens tokens;

  ResponseTokens(PublicTokens tokens) {
    this.tokens = tokens;
  }

  /**
   * A token with these scopes.
   *
   * @param claimed whether the claims name the scopes too: those of a single trigger do
   */
  public Response add(Response answer, Caller caller, List<String> scopes, boolean claimed) {
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("sub", caller.environment().publicId());
    claims.put("pub", true);
    if (claimed) {
      claims.put("scopes", scopes);
    }
    return answer
        .with("x-trigger-jwt", tokens.issue(caller, scopes))
        .with("x-trigger-jwt-claims", WireJson.mapper().writeValueAsString(claims));
  }
}
