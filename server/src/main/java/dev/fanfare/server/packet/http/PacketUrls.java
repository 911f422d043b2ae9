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
 * Presigned URLs: whoever has one may put or fetch one packet until it expires. The signature
 * covers method, environment, path and expiry; its key is derived from the encryption key, so all
 * servers of one database honour each other's. Safe for use by many threads.
 */
public final class PacketUrls {
  private static final String HMAC = "HmacSHA256";
  private static final byte[] PURPOSE = "fanfare presigned urls".getBytes(StandardCharsets.UTF_8);

  private final SecretKey key;
  private final Duration life;
  private final @Nullable URI publicUrl;
  private final InstantSource clock;

  /**
   * @param encryptionKey what the signing key is derived from
   */
  public PacketUrls(Resources resources, byte[] encryptionKey) {
    this(
        encryptionKey,
        resources.config().get(PACKET_URL_LIFE),
        resources.config().get(PUBLIC_URL),
        resources.clock());
  }

  /**
   * @param life how long a URL can be used
   * @param publicUrl where clients reach the server; absent: where they say they reached it
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

  /** Where to put a packet. */
  public String upload(Exchange exchange, int environmentId, String path) {
    return url(origin(exchange), "PUT", environmentId, path);
  }

  /** Where to fetch a packet. */
  public String download(Exchange exchange, int environmentId, String path) {
    return url(origin(exchange), "GET", environmentId, path);
  }

  private String origin(Exchange exchange) {
    return publicUrl == null ? exchange.origin() : publicUrl.toString().replaceAll("/+$", "");
  }

  /**
   * A presigned URL.
   *
   * @param origin what it begins with, without a slash at its end
   */
  public String url(String origin, String method, int environmentId, String path) {
    long expires = clock.instant().plus(life).getEpochSecond();
    String encoded =
        Arrays.stream(path.split("/"))
            .map(part -> URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"))
            .collect(Collectors.joining("/"));
    return "%s/packets/%d/%s?expires=%d&signature=%s"
        .formatted(
            origin,
            environmentId,
            encoded,
            expires,
            signature(method, Integer.toString(environmentId), Long.toString(expires), path));
  }

  /**
   * Ends the request with 403 unless its URL was made here for this and is still in force.
   *
   * @param signature absent: the URL has none
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
    // Only what was signed is read as a number.
    if (!clock.instant().isBefore(Instant.ofEpochSecond(Long.parseLong(expires)))) {
      throw new HttpError(403, "The URL has expired");
    }
  }

  private static boolean same(String sent, String own) {
    return MessageDigest.isEqual(
        sent.getBytes(StandardCharsets.UTF_8), own.getBytes(StandardCharsets.UTF_8));
  }

  /** The path comes last, for it is the only part that could hold the separator. */
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
