package dev.fanfare.server.access.http;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.http.Response;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adds a token to the response to a trigger, with which its receiver can read the new runs, and the
 * claims with which an SDK can sign such a token itself.
 */
public final class ResponseTokens {
  private final PublicTokens tokens;

  ResponseTokens(PublicTokens tokens) {
    this.tokens = tokens;
  }

  /**
   * Adds a token with these scopes.
   *
   * @param scopesInClaims whether the claims contain the scopes, as for a single trigger
   */
  public Response add(
      Response response, Caller caller, List<String> scopes, boolean scopesInClaims) {
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("sub", caller.environment().publicId());
    claims.put("pub", true);
    if (scopesInClaims) {
      claims.put("scopes", scopes);
    }
    return response
        .with("x-trigger-jwt", tokens.issue(caller, scopes))
        .with("x-trigger-jwt-claims", WireJson.mapper().writeValueAsString(claims));
  }
}
