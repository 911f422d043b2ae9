package dev.fanfare.server.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Public access tokens: JWTs that let a browser see a little of one environment. Signed with HS256
 * and the bytes of the environment's secret key, because the official SDKs sign some themselves
 * with what they have; issuer and audience are constants of theirs.
 */
public final class PublicTokens {
  private static final String ISSUER = "https://id.trigger.dev";
  private static final String AUDIENCE = "https://api.trigger.dev";

  /** How long a token in a response header lives. */
  public static final Duration RESPONSE_LIFE = Duration.ofHours(1);

  private final Keys keys;
  private final InstantSource clock;

  public PublicTokens(Keys keys, InstantSource clock) {
    this.keys = keys;
    this.clock = clock;
  }

  /** Signs a token with the key its caller came with. */
  public String issue(Environment environment, String keyText, List<String> scopes) {
    Instant now = clock.instant();
    SignedJWT token =
        new SignedJWT(
            new JWSHeader(JWSAlgorithm.HS256),
            new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .audience(AUDIENCE)
                .subject(environment.publicId())
                .claim("pub", true)
                .claim("scopes", scopes)
                .issueTime(Date.from(now))
                .expirationTime(Date.from(now.plus(RESPONSE_LIFE)))
                .build());
    try {
      token.sign(new MACSigner(secret(keyText)));
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
    return bytes.length < 32 ? java.util.Arrays.copyOf(bytes, 32) : bytes;
  }

  /** Whether a credential looks like a token rather than a key. */
  static boolean looksLikeToken(String credential) {
    return credential.startsWith("ey") && credential.split("\\.", -1).length == 3;
  }

  /** The caller behind a token, or {@code null} when it is not valid. */
  @Nullable Caller verify(String text) {
    try {
      SignedJWT token = SignedJWT.parse(text);
      JWTClaimsSet claims = token.getJWTClaimsSet();
      if (!JWSAlgorithm.HS256.equals(token.getHeader().getAlgorithm())
          || !Boolean.TRUE.equals(claims.getBooleanClaim("pub"))
          || claims.getSubject() == null) {
        return null;
      }
      for (Keys.EnvironmentKey key : keys.signingKeys(claims.getSubject())) {
        if (token.verify(new MACVerifier(secret(key.key().text())))) {
          return inForce(claims) ? new Caller(key.environment(), scopes(claims)) : null;
        }
      }
      return null;
    } catch (ParseException | JOSEException e) {
      return null;
    }
  }

  private boolean inForce(JWTClaimsSet claims) {
    return ISSUER.equals(claims.getIssuer())
        && claims.getAudience().contains(AUDIENCE)
        && claims.getExpirationTime() != null
        && clock.instant().isBefore(claims.getExpirationTime().toInstant());
  }

  private static Scopes scopes(JWTClaimsSet claims) throws ParseException {
    List<String> scopes = claims.getStringListClaim("scopes");
    return new Scopes(scopes == null ? List.of() : List.copyOf(scopes));
  }
}
