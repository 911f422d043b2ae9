package dev.fanfare.sdk;

import dev.fanfare.sdk.internal.Api;
import dev.fanfare.sdk.internal.Codec;
import dev.fanfare.sdk.internal.Transport;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** A client being configured. Not safe for use by many threads. */
public final class FanfareBuilder {
  private URI url = URI.create("http://127.0.0.1:3030");
  private String secretKey = "";
  private JsonMapper mapper = JsonMapper.shared();
  private Duration connectTimeout = Duration.ofSeconds(5);
  private int triesMax = 6;

  FanfareBuilder() {}

  /** As {@link Fanfare#fromEnvironment}. */
  static FanfareBuilder fromEnvironment() {
    String url = firstSet("FANFARE_URL", "TRIGGER_API_URL");
    String key = firstSet("FANFARE_SECRET_KEY", "TRIGGER_SECRET_KEY");
    if (key == null) {
      throw new IllegalStateException("Set FANFARE_SECRET_KEY to an environment's secret key");
    }
    FanfareBuilder builder = new FanfareBuilder().secretKey(key);
    return url == null ? builder : builder.url(url);
  }

  private static @Nullable String firstSet(String... names) {
    for (String name : names) {
      String value = System.getenv(name);
      if (value != null && !value.isBlank()) {
        return value;
      }
    }
    return null;
  }

  /**
   * The server's address. Default {@code http://127.0.0.1:3030}.
   *
   * @throws IllegalArgumentException when it is no http or https address
   */
  public FanfareBuilder url(String url) {
    URI uri = URI.create(url.strip().replaceAll("/+$", ""));
    if (uri.getHost() == null || !String.valueOf(uri.getScheme()).matches("(?i)https?")) {
      throw new IllegalArgumentException("The url must begin with http:// or https://: " + url);
    }
    this.url = uri;
    return this;
  }

  /** The environment's secret key, {@code tr_dev_…}. Required. */
  public FanfareBuilder secretKey(String key) {
    // Checked here, without showing it: HTTP's own check would put the key into its message.
    if (!key.strip().matches("[!-~]*")) {
      throw new IllegalArgumentException(
          "The secret key has characters that no key has, such as a line break");
    }
    this.secretKey = key.strip();
    return this;
  }

  /** What payloads and outputs are encoded with. Default: records, java.time, nothing else. */
  public FanfareBuilder jsonMapper(JsonMapper mapper) {
    this.mapper = mapper;
    return this;
  }

  /** How long a connection may take. Default 5 s. */
  public FanfareBuilder connectTimeout(Duration timeout) {
    this.connectTimeout = timeout;
    return this;
  }

  /** How often a call is tried in all, from 1. Default 6, over about 8 seconds. */
  public FanfareBuilder maxTries(int tries) {
    if (tries < 1) {
      throw new IllegalArgumentException("maxTries must be at least 1, not " + tries);
    }
    this.triesMax = tries;
    return this;
  }

  /**
   * The client.
   *
   * @throws IllegalStateException when there is no key
   */
  public Fanfare build() {
    if (secretKey.isBlank()) {
      throw new IllegalStateException("A secret key is needed: an environment's tr_… key");
    }
    Transport transport = new Transport(url, secretKey, connectTimeout, triesMax);
    return new Fanfare(new Api(transport, new Codec(mapper)), null);
  }
}
