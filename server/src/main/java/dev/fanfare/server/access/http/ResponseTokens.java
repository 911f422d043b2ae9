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

  /** Adds a token with these scopes, and claims without scopes. */
  public Response add(Response response, Caller caller, List<String> scopes) {
    return add(response, caller, scopes, claims(caller));
  }

  /** Adds a token with these scopes, and claims that contain them, as for a single trigger. */
  public Response addWithScopesInClaims(Response response, Caller caller, List<String> scopes) {
    Map<String, Object> claims = claims(caller);
    claims.put("scopes", scopes);
    return add(response, caller, scopes, claims);
  }

  private static Map<String, Object> claims(Caller caller) {
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("sub", caller.environment().publicId());
    claims.put("pub", true);
    return claims;
  }

  private Response add(
      Response response, Caller caller, List<String> scopes, Map<String, Object> claims) {
    return response
        .with("x-trigger-jwt", tokens.issue(caller, scopes))
        .with("x-trigger-jwt-claims", WireJson.mapper().writeValueAsString(claims));
  }
}
