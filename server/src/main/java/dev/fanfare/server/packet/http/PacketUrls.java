package dev.fanfare.server.packet.http;

import static dev.fanfare.server.config.ServerSettings.PACKET_URL_LIFE;
import static dev.fanfare.server.config.ServerSettings.PUBLIC_URL;

import dev.fanfare.server.component.Resources;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Base64;
import java.util.stream.Collectors;
import javax.crypto.KDF;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;
import org.jspecify.annotations.Nullable;

/**
 * Creates and verifies presigned URLs, each of which authorizes the upload or download of one
 * packet until it expires. The signature covers method, environment, path and expiry. Its key is
 * derived from the encryption key, so that all servers of one database accept each other's URLs.
 * Thread-safe.
 */
public final class PacketUrls {
  private static final String HMAC = "HmacSHA256";
  private static final byte[] PURPOSE = "fanfare presigned urls".getBytes(StandardCharsets.UTF_8);

  private final SecretKey key;
  private final Duration life;
  private final @Nullable URI publicUrl;
  private final InstantSource clock;

  /**
   * URLs as the settings describe them.
   *
   * @param encryptionKey the key from which the signing key is derived
   */
  public PacketUrls(Resources resources, byte[] encryptionKey) {
    this(
        encryptionKey,
        resources.config().get(PACKET_URL_LIFE),
        resources.config().get(PUBLIC_URL),
        resources.clock());
  }

  /**
   * URLs with a lifetime and an origin.
   *
   * @param life how long a URL is valid
   * @param publicUrl the URL of the server for clients; absent means the origin of each request
   */
  PacketUrls(byte[] encryptionKey, Duration life, @Nullable URI publicUrl, InstantSource clock) {
    this.key = derived(encryptionKey);
    this.life = life;
    this.publicUrl = publicUrl;
    this.clock = clock;
  }

  private static SecretKey derived(byte[] encryptionKey) {
    try {
      return KDF.getInstance("HKDF-SHA256")
          .deriveKey(
              HMAC, HKDFParameterSpec.ofExtract().addIKM(encryptionKey).thenExpand(PURPOSE, 32));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e); // every Java has it
    }
  }

  /** The URL for the upload of a packet. */
  public String upload(Exchange exchange, int environmentId, String path) {
    return url(origin(exchange), "PUT", environmentId, path);
  }

  /** The URL for the download of a packet. */
  public String download(Exchange exchange, int environmentId, String path) {
    return url(origin(exchange), "GET", environmentId, path);
  }

  private String origin(Exchange exchange) {
    return publicUrl == null ? exchange.origin() : publicUrl.toString().replaceAll("/+$", "");
  }

  /**
   * A presigned URL.
   *
   * @param origin scheme and authority, and a path if there is one, without a slash at the end
   */
  public String url(String origin, String method, int environmentId, String path) {
    long expires = clock.instant().plus(life).getEpochSecond();
    String encoded =
        Arrays.stream(path.split("/"))
            .map(part -> URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"))
            .collect(Collectors.joining("/"));
    return "%s/packets/%s/%s?expires=%s&signature=%s"
        .formatted(
            origin,
            environmentId,
            encoded,
            expires,
            signature(method, Integer.toString(environmentId), Long.toString(expires), path));
  }

  /**
   * Ends the request with 403 unless the signature of its URL is valid and has not expired.
   *
   * @param expires the expiry in the URL; absent when it has none
   * @param signature the signature in the URL; absent when it has none
   */
  void check(
      String method,
      String environment,
      String path,
      @Nullable String expires,
      @Nullable String signature) {
    if (expires == null
        || signature == null
        || !same(signature, signature(method, environment, expires, path))) {
      throw new HttpError(403, "The signature of the URL is not valid");
    }
    // Parsed after the check of the signature, so it is a number.
    if (!clock.instant().isBefore(Instant.ofEpochSecond(Long.parseLong(expires)))) {
      throw new HttpError(403, "The URL has expired");
    }
  }

  private static boolean same(String sent, String expected) {
    return MessageDigest.isEqual(
        sent.getBytes(StandardCharsets.UTF_8), expected.getBytes(StandardCharsets.UTF_8));
  }

  /** The path comes last, because only it could contain the separator. */
  private String signature(String method, String environment, String expires, String path) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(key);
      String signed = String.join("\n", method, environment, expires, path);
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }
}
