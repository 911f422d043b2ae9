package dev.fanfare.server.access.http;

import dev.fanfare.server.access.Environment;
import dev.fanfare.server.access.Keys;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Response;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Authenticates requests by their {@code Authorization} header. Valid keys are cached for {@link
 * Keys#CACHE_LIFE}, so that a busy client does not cost a query for each request. Thread-safe.
 */
final class Authenticator {
  private static final int CACHED_MAX = 10_000;

  private static final Pattern BLANKS = Pattern.compile("\\s+");
  private static final Pattern SECRET_KEY = Pattern.compile("tr_(dev|stg|prod)_[0-9A-Za-z]{24}");

  private final Keys keys;
  private final PublicTokens tokens;
  private final InstantSource clock;
  private final Map<String, Cached> cache = new ConcurrentHashMap<>();

  Authenticator(Keys keys, PublicTokens tokens, InstantSource clock) {
    this.keys = keys;
    this.tokens = tokens;
    this.clock = clock;
  }

  private record Cached(Environment environment, Instant until) {}

  /**
   * The holder of the secret key or, where tokens are allowed, the public access token of a
   * request. Any other credential ends the request with 401.
   */
  Caller caller(Exchange exchange, boolean tokensAllowed) {
    String credential = credential(exchange);
    Caller holder = tokensAllowed ? tokens.verify(credential) : null;
    if (holder != null) {
      return holder;
    }
    Environment environment = environmentOf(credential);
    if (environment == null) {
      throw new HttpError(401, "Invalid API key");
    }
    return Caller.withKey(environment, credential);
  }

  private static String credential(Exchange exchange) {
    String header = exchange.header("Authorization");
    if (header == null) {
      String message = "No authorization header provided";
      throw new HttpError(Response.problem(401, "Unauthorized", message, message, Map.of()));
    }
    String[] words = BLANKS.split(header.strip(), 2);
    String credential = words.length == 2 && isBearer(words[0]) ? words[1] : header.strip();
    if (credential.isEmpty() || isBearer(credential)) {
      throw new HttpError(401, "Invalid or Missing API key");
    }
    return credential;
  }

  private static boolean isBearer(String word) {
    return word.equalsIgnoreCase("Bearer");
  }

  private @Nullable Environment environmentOf(String credential) {
    Instant now = clock.instant();
    Cached cached = cache.get(credential);
    if (cached != null && now.isBefore(cached.until())) {
      return cached.environment();
    }
    cache.remove(credential);
    // Other credentials, such as tr_pat_…, are not worth a query.
    if (!SECRET_KEY.matcher(credential).matches()) {
      return null;
    }
    Environment environment = keys.environmentOf(credential);
    if (environment != null) {
      if (cache.size() >= CACHED_MAX) {
        cache.clear();
      }
      cache.put(credential, new Cached(environment, now.plus(Keys.CACHE_LIFE)));
    }
    return environment;
  }
}
