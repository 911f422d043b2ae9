package dev.fanfare.acceptance;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fanfare.protocol.WireJson;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A public access token that a client signs. It is built by hand, independently of the server's
 * code.
 */
final class Jwt {
  private final Map<String, Object> claims = new LinkedHashMap<>();
  private String algorithm = "HS256";

  /** A valid token without scopes for the environment with this id. */
  Jwt(String environmentId) {
    long now = Instant.now().getEpochSecond();
    with("sub", environmentId).with("pub", true).with("scopes", List.of());
    with("iss", "https://id.trigger.dev").with("aud", "https://api.trigger.dev");
    with("iat", now).with("exp", now + 900);
  }

  Jwt scopes(String... scopes) {
    return with("scopes", List.of(scopes));
  }

  Jwt with(String claim, Object value) {
    claims.put(claim, value);
    return this;
  }

  Jwt without(String claim) {
    claims.remove(claim);
    return this;
  }

  Jwt expired() {
    return with("exp", Instant.now().getEpochSecond() - 1);
  }

  Jwt algorithm(String name) {
    algorithm = name;
    return this;
  }

  String sign(String key) {
    String signed = part(Map.of("alg", algorithm)) + "." + part(claims);
    String mac = algorithm.equals("HS512") ? "HmacSHA512" : "HmacSHA256";
    return signed + "." + (algorithm.equals("none") ? "" : base64(hmac(mac, key, signed)));
  }

  /**
   * Creates a token with any header and claims.
   *
   * @param mac how to sign it: {@code key} signs it correctly, any other value names a forgery
   */
  static String forge(byte[] header, byte[] claims, String mac, String key) {
    String signed = base64(header) + "." + base64(claims);
    byte[] right = hmac("HmacSHA256", key, signed);
    byte[] flipped = right.clone();
    flipped[0] ^= 1;
    return signed
        + "."
        + switch (mac) {
          case "key" -> base64(right);
          case "other" -> base64(hmac("HmacSHA256", "tr_dev_000000000000000000000000", signed));
          case "empty" -> base64(hmac("HmacSHA256", "\0", signed));
          case "none" -> "";
          case "cut" -> base64(Arrays.copyOf(right, 16));
          case "long" -> base64(Arrays.copyOf(right, 64));
          case "flipped" -> base64(flipped);
          case "HmacSHA512" -> base64(hmac(mac, key, signed));
          case "base64" -> Base64.getEncoder().encodeToString(right) + "=";
          case "hex" -> HexFormat.of().formatHex(right);
          default -> throw new IllegalArgumentException(mac);
        };
  }

  private static String part(Map<String, Object> json) {
    return base64(WireJson.mapper().writeValueAsBytes(json));
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static byte[] hmac(String algorithm, String key, String text) {
    try {
      Mac mac = Mac.getInstance(algorithm);
      mac.init(new SecretKeySpec(key.getBytes(UTF_8), algorithm));
      return mac.doFinal(text.getBytes(UTF_8));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
