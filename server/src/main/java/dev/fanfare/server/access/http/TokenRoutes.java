package dev.fanfare.server.access.http;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.config.RequestMemory.Decoding;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.http.Route;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Routes that create public access tokens for the holders of secret keys. */
final class TokenRoutes {
  private static final int BODY_BYTES_MAX = 64 * 1024;
  private static final Duration PUBLIC_LIFE = Duration.ofMinutes(15);
  private static final Duration PUBLIC_LIFE_MAX = Duration.ofDays(30);

  private final AuthenticatedRoutes authenticated;
  private final PublicTokens tokens;
  private final InstantSource clock;

  TokenRoutes(AuthenticatedRoutes authenticated, PublicTokens tokens, InstantSource clock) {
    this.authenticated = authenticated;
    this.tokens = tokens;
    this.clock = clock;
  }

  List<Route> routes() {
    return List.of(
        authenticated.post("/api/v1/auth/jwt", Access.key(), this::token),
        authenticated.post("/api/v1/auth/jwt/claims", Access.key(), this::claims),
        authenticated.post("/api/v1/auth/public-tokens", Access.key(), this::publicToken));
  }

  private Response token(Exchange exchange, Caller caller) {
    JsonNode body = body(exchange);
    JsonNode claims = body.path("claims");
    if (!claims.isMissingNode() && !claims.isObject()) {
      throw invalid("claims", "must be an object");
    }
    List<String> scopes = texts(claims.path("scopes"), "claims.scopes");
    Instant expiresAt = expiration(body, PublicTokens.RESPONSE_LIFE);
    return respond(caller, new PublicTokens.NewToken(scopes, expiresAt, false, List.of()));
  }

  /** The claims that a client needs for a token that it signs itself. */
  private Response claims(Exchange exchange, Caller caller) {
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("sub", caller.environment().publicId());
    claims.put("pub", true);
    return Response.json(200, claims);
  }

  private Response publicToken(Exchange exchange, Caller caller) {
    JsonNode body = body(exchange);
    List<String> scopes = texts(body.path("scopes"), "scopes");
    if (scopes.isEmpty()) {
      throw invalid("scopes", "must have at least one element");
    }
    JsonNode oneTime = body.path("oneTimeUse");
    if (!oneTime.isMissingNode() && !oneTime.isBoolean()) {
      throw invalid("oneTimeUse", "must be true or false");
    }
    List<String> skipped = texts(body.path("realtime").path("skipColumns"), "realtime.skipColumns");
    Instant expiresAt = expiration(body, PUBLIC_LIFE);
    Instant now = clock.instant();
    if (!expiresAt.isAfter(now)) {
      throw new HttpError(400, "Expiration time must be in the future");
    }
    if (expiresAt.isAfter(now.plus(PUBLIC_LIFE_MAX))) {
      throw new HttpError(
          400, "Expiration time cannot exceed " + PUBLIC_LIFE_MAX.toDays() + " days");
    }
    return respond(
        caller, new PublicTokens.NewToken(scopes, expiresAt, oneTime.asBoolean(false), skipped));
  }

  private Response respond(Caller caller, PublicTokens.NewToken token) {
    return Response.json(200, Map.of("token", tokens.issue(caller, token)));
  }

  private Instant expiration(JsonNode body, Duration life) {
    JsonNode requested = body.path("expirationTime");
    Instant now = clock.instant();
    Instant expiresAt =
        requested.isMissingNode() ? now.plus(life) : ExpirationTime.read(requested, now);
    if (expiresAt == null) {
      throw new HttpError(400, "Invalid expiration time");
    }
    return expiresAt;
  }

  /** Reads the body; an empty body means an empty object. */
  private static JsonNode body(Exchange exchange) {
    byte[] bytes = exchange.bytes(BODY_BYTES_MAX, Decoding.TREE);
    if (bytes.length == 0) {
      return WireJson.mapper().createObjectNode();
    }
    try {
      JsonNode body = WireJson.mapper().readTree(bytes);
      if (body.isObject()) {
        return body;
      }
    } catch (JacksonException e) {
      throw invalid(null, "must be JSON");
    }
    throw invalid(null, "must be an object");
  }

  private static List<String> texts(JsonNode array, String name) {
    if (array.isMissingNode()) {
      return List.of();
    }
    if (!array.isArray() || !array.valueStream().allMatch(JsonNode::isString)) {
      throw invalid(name, "must be an array of strings");
    }
    return array.valueStream().map(JsonNode::stringValue).toList();
  }

  private static HttpError invalid(@Nullable String name, String message) {
    List<String> path = name == null ? List.of() : List.of(name.split("\\."));
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("error", "Invalid request body");
    body.put("issues", List.of(Map.of("code", "custom", "path", path, "message", message)));
    return new HttpError(Response.json(400, body));
  }
}
