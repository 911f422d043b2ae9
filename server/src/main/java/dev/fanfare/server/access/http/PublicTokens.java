package dev.fanfare.server.access.http;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.access.Keys;
import dev.fanfare.server.access.OneTimeToken;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.text.Hash;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Signs and verifies public access tokens: JWTs that allow a client, usually a browser, some
 * actions in one environment. They are signed with HS256 and a secret key of the environment,
 * because the official SDKs sign tokens themselves with the key that they have; issuer and audience
 * are the constants of those SDKs. Thread-safe.
 */
final class PublicTokens {
  private static final String ISSUER = "https://id.trigger.dev";
  private static final String AUDIENCE = "https://api.trigger.dev";

  private static final JWSHeader HEADER = new JWSHeader(JWSAlgorithm.HS256);

  /** How long a token in a response header is valid. */
  public static final Duration RESPONSE_LIFE = Duration.ofHours(1);

  /** By how much the clock of a client that signs tokens may be ahead. */
  private static final Duration AHEAD_MAX = Duration.ofDays(1);

  private static final Pattern SHAPE = Pattern.compile("([\\w-]++)\\.([\\w-]++)\\.[\\w-]*+");
  private static final Pattern ENVIRONMENT = Pattern.compile("[\\w-]{1,64}");

  private static final int CACHED_MAX = 10_000;

  private final Keys keys;
  private final InstantSource clock;
  private final Map<String, Cached> cache = new ConcurrentHashMap<>();

  PublicTokens(Keys keys, InstantSource clock) {
    this.keys = keys;
    this.clock = clock;
  }

  private record Cached(List<Keys.EnvironmentKey> keys, Instant until) {}

  /**
   * The content of a new token.
   *
   * @param oneTime whether it is a one-time token
   * @param skipColumns the columns that live updates omit
   */
  record NewToken(
      List<String> scopes, Instant expiresAt, boolean oneTime, List<String> skipColumns) {}

  /** Creates a token for a response header, valid for {@link #RESPONSE_LIFE}. */
  public String issue(Caller caller, List<String> scopes) {
    Instant expiresAt = clock.instant().plus(RESPONSE_LIFE);
    return issue(caller, new NewToken(scopes, expiresAt, false, List.of()));
  }

  /** Creates a token for the environment of {@code caller}, signed with its key. */
  String issue(Caller caller, NewToken content) {
    Map<String, Object> claims = new LinkedHashMap<>();
    claims.put("iss", ISSUER);
    claims.put("aud", AUDIENCE);
    claims.put("sub", caller.environment().publicId());
    claims.put("pub", true);
    claims.put("scopes", content.scopes());
    claims.put("iat", clock.instant().getEpochSecond());
    claims.put("exp", content.expiresAt().getEpochSecond());
    if (content.oneTime()) {
      claims.put("otu", true);
    }
    if (!content.skipColumns().isEmpty()) {
      claims.put("realtime", Map.of("skipColumns", content.skipColumns()));
    }
    // Each trigger gets a token, and the library's own set of claims takes twice the time.
    JWSObject token =
        new JWSObject(HEADER, new Payload(WireJson.mapper().writeValueAsString(claims)));
    try {
      token.sign(new MACSigner(secret(caller.signingKey())));
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
    return token.serialize();
  }

  /**
   * The HMAC key. The library demands 256 bits for HS256, and a secret key has 31 or 32 characters.
   * HMAC itself pads its key with zero bytes, so padding does not change the signature.
   */
  private static byte[] secret(String keyText) {
    byte[] bytes = keyText.getBytes(StandardCharsets.UTF_8);
    return bytes.length < 32 ? Arrays.copyOf(bytes, 32) : bytes;
  }

  /**
   * The holder of a token, or {@code null} when the credential is not a public access token. An
   * invalid token ends the request with 401.
   */
  @Nullable Caller verify(String credential) {
    JsonNode claims = unverifiedClaims(credential);
    if (claims == null || !claims.path("pub").isBoolean() || !claims.path("pub").booleanValue()) {
      return null;
    }
    // Not verified yet: the claims only select the keys to try.
    List<Keys.EnvironmentKey> candidates = signingKeys(claims.path("sub").asString(""));
    if (candidates.isEmpty()) {
      throw new HttpError(401, "Invalid Public Access Token");
    }
    Caller caller = verify(credential, candidates);
    if (caller == null) {
      throw new HttpError(401, "Public Access Token is invalid");
    }
    return caller;
  }

  private static @Nullable JsonNode unverifiedClaims(String credential) {
    Matcher token = SHAPE.matcher(credential);
    if (!token.matches()) {
      return null;
    }
    try {
      JsonNode header = WireJson.mapper().readTree(new Base64URL(token.group(1)).decode());
      return header.isObject()
          ? WireJson.mapper().readTree(new Base64URL(token.group(2)).decode())
          : null;
    } catch (JacksonException e) {
      return null;
    }
  }

  private List<Keys.EnvironmentKey> signingKeys(String environmentId) {
    if (!ENVIRONMENT.matcher(environmentId).matches()) {
      return List.of();
    }
    Instant now = clock.instant();
    Cached cached = cache.get(environmentId);
    if (cached != null && now.isBefore(cached.until())) {
      return cached.keys();
    }
    List<Keys.EnvironmentKey> found = keys.signingKeys(environmentId);
    if (!found.isEmpty()) {
      if (cache.size() >= CACHED_MAX) {
        cache.clear();
      }
      cache.put(environmentId, new Cached(found, now.plus(Keys.CACHE_LIFE)));
    }
    return found;
  }

  private @Nullable Caller verify(String text, List<Keys.EnvironmentKey> candidates) {
    try {
      SignedJWT token = SignedJWT.parse(text); // refuses the algorithm "none"
      if (!JWSAlgorithm.HS256.equals(token.getHeader().getAlgorithm())) {
        return null;
      }
      for (Keys.EnvironmentKey candidate : candidates) {
        String key = candidate.key().text();
        if (token.verify(new MACVerifier(secret(key)))) {
          JWTClaimsSet claims = token.getJWTClaimsSet();
          return isValid(claims)
              ? Caller.withToken(candidate.environment(), key, publicToken(text, claims))
              : null;
        }
      }
      return null;
    } catch (ParseException | JOSEException e) {
      return null;
    }
  }

  private boolean isValid(JWTClaimsSet claims) throws ParseException {
    Instant now = clock.instant();
    Date notBefore = claims.getNotBeforeTime();
    return ISSUER.equals(claims.getIssuer())
        && claims.getAudience().contains(AUDIENCE)
        && claims.getExpirationTime() != null
        && now.isBefore(expiry(claims))
        && (notBefore == null || !now.isBefore(notBefore.toInstant()))
        && (!isOneTime(claims)
            || expiry(claims).isBefore(now.plus(OneTimeToken.LIFE_MAX.plus(AHEAD_MAX))));
  }

  /** A one-time token does not live longer after its issue, if it says when that was. */
  private static Instant expiry(JWTClaimsSet claims) throws ParseException {
    Instant claimed = claims.getExpirationTime().toInstant();
    Date issued = claims.getIssueTime();
    if (issued == null || !isOneTime(claims)) {
      return claimed;
    }
    Instant latest = issued.toInstant().plus(OneTimeToken.LIFE_MAX);
    return claimed.isBefore(latest) ? claimed : latest;
  }

  private static boolean isOneTime(JWTClaimsSet claims) throws ParseException {
    return Boolean.TRUE.equals(claims.getBooleanClaim("otu"));
  }

  private static PublicToken publicToken(String text, JWTClaimsSet claims) throws ParseException {
    List<String> scopes = claims.getStringListClaim("scopes");
    return new PublicToken(
        new Scopes(scopes == null ? List.of() : scopes.stream().filter(Objects::nonNull).toList()),
        Hash.of(text).hex(),
        expiry(claims),
        isOneTime(claims));
  }
}
