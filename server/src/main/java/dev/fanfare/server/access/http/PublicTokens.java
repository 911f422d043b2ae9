package dev.fanfare.server.access.http;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.access.Keys;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.text.Hash;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Date;
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
 * Public access tokens: JWTs that let a browser do a little in one environment. Signed with HS256
 * and the bytes of the environment's secret key, because the official SDKs sign some themselves
 * with what they have; issuer and audience are constants of theirs.
 */
final class PublicTokens {
  private static final String ISSUER = "https://id.trigger.dev";
  private static final String AUDIENCE = "https://api.trigger.dev";

  /** How long a token in a response header lives. */
  public static final Duration RESPONSE_LIFE = Duration.ofHours(1);

  private static final Pattern SHAPE = Pattern.compile("([\\w-]++)\\.([\\w-]++)\\.[\\w-]*+");
  private static final Pattern ENVIRONMENT = Pattern.compile("[\\w-]{1,64}");

  private static final int REMEMBERED_MAX = 10_000;

  private final Keys keys;
  private final InstantSource clock;
  private final Map<String, Remembered> remembered = new ConcurrentHashMap<>();

  PublicTokens(Keys keys, InstantSource clock) {
    this.keys = keys;
    this.clock = clock;
  }

  private record Remembered(List<Keys.EnvironmentKey> keys, Instant until) {}

  /**
   * What a new token says.
   *
   * @param oneTime whether it can trigger only once
   * @param skipColumns what its live updates leave out; empty: nothing
   */
  record NewToken(
      List<String> scopes, Instant expiresAt, boolean oneTime, List<String> skipColumns) {}

  /** Signs a token for a response header with what its caller came with. */
  public String issue(Caller caller, List<String> scopes) {
    Instant expiresAt = clock.instant().plus(RESPONSE_LIFE);
    return issue(caller, new NewToken(scopes, expiresAt, false, List.of()));
  }

  String issue(Caller caller, NewToken asked) {
    JWTClaimsSet.Builder claims =
        new JWTClaimsSet.Builder()
            .issuer(ISSUER)
            .audience(AUDIENCE)
            .subject(caller.environment().publicId())
            .claim("pub", true)
            .claim("scopes", asked.scopes())
            .issueTime(Date.from(clock.instant()))
            .expirationTime(Date.from(asked.expiresAt()));
    if (asked.oneTime()) {
      claims.claim("otu", true);
    }
    if (!asked.skipColumns().isEmpty()) {
      claims.claim("realtime", Map.of("skipColumns", asked.skipColumns()));
    }
    SignedJWT token = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims.build());
    try {
      token.sign(new MACSigner(secret(caller.signingKey())));
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
    return token.serialize();
  }

  /**
   * HS256 wants 256 bits and a secret key has 31 or 32 characters; zero bytes behind a shorter one
   * do not change the HMAC, which pads its key with zeros itself.
   */
  private static byte[] secret(String keyText) {
    byte[] bytes = keyText.getBytes(StandardCharsets.UTF_8);
    return bytes.length < 32 ? Arrays.copyOf(bytes, 32) : bytes;
  }

  /**
   * The caller behind a token, or {@code null} when the credential is none; a token that is not
   * valid ends the request with 401.
   */
  @Nullable Caller verify(String credential) {
    JsonNode claims = unverifiedClaims(credential);
    if (claims == null || !claims.path("pub").isBoolean() || !claims.path("pub").booleanValue()) {
      return null;
    }
    // The claims are not to be trusted yet; they only say whose keys to try.
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
    Remembered known = remembered.get(environmentId);
    if (known != null && now.isBefore(known.until())) {
      return known.keys();
    }
    List<Keys.EnvironmentKey> found = keys.signingKeys(environmentId);
    if (!found.isEmpty()) {
      if (remembered.size() >= REMEMBERED_MAX) {
        remembered.clear();
      }
      remembered.put(environmentId, new Remembered(found, now.plus(Keys.REMEMBERED)));
    }
    return found;
  }

  private @Nullable Caller verify(String text, List<Keys.EnvironmentKey> candidates) {
    try {
      SignedJWT token = SignedJWT.parse(text); // refuses "none"
      if (!JWSAlgorithm.HS256.equals(token.getHeader().getAlgorithm())) {
        return null;
      }
      for (Keys.EnvironmentKey candidate : candidates) {
        String key = candidate.key().text();
        if (token.verify(new MACVerifier(secret(key)))) {
          JWTClaimsSet claims = token.getJWTClaimsSet();
          return isInForce(claims)
              ? Caller.withToken(candidate.environment(), key, publicToken(text, claims))
              : null;
        }
      }
      return null;
    } catch (ParseException | JOSEException e) {
      return null;
    }
  }

  private boolean isInForce(JWTClaimsSet claims) {
    Instant now = clock.instant();
    Date notBefore = claims.getNotBeforeTime();
    return ISSUER.equals(claims.getIssuer())
        && claims.getAudience().contains(AUDIENCE)
        && claims.getExpirationTime() != null
        && now.isBefore(claims.getExpirationTime().toInstant())
        && (notBefore == null || !now.isBefore(notBefore.toInstant()));
  }

  private static PublicToken publicToken(String text, JWTClaimsSet claims) throws ParseException {
    List<String> scopes = claims.getStringListClaim("scopes");
    return new PublicToken(
        new Scopes(scopes == null ? List.of() : scopes.stream().filter(Objects::nonNull).toList()),
        Hash.of(text).hex(),
        claims.getExpirationTime().toInstant(),
        Boolean.TRUE.equals(claims.getBooleanClaim("otu")));
  }
}
