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
import org.jspecify.annotations.Nullable;

/**
 * Says who sends a request, by its {@code Authorization} header. A key that was found is remembered
 * for {@link Keys#REMEMBERED}, so that a busy client costs no query a request.
 */
final class Authenticator {
  private static final int REMEMBERED_MAX = 10_000;

  private final Keys keys;
  private final PublicTokens tokens;
  private final InstantSource clock;
  private final Map<String, Found> found = new ConcurrentHashMap<>();

  Authenticator(Keys keys, PublicTokens tokens, InstantSource clock) {
    this.keys = keys;
    this.tokens = tokens;
    this.clock = clock;
  }

  private record Found(Environment environment, Instant until) {}

  /**
   * The caller behind a secret key or, where tokens are allowed, a public access token; any other
   * credential ends the request with 401.
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
    String[] words = header.strip().split("\\s+", 2);
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
    Found known = found.get(credential);
    if (known != null && now.isBefore(known.until())) {
      return known.environment();
    }
    found.remove(credential);
    // Only what looks like a secret key is worth a query: tr_pat_ and the rest never are one.
    if (!credential.matches("tr_(dev|stg|prod)_[0-9A-Za-z]{24}")) {
      return null;
    }
    Environment environment = keys.environmentOf(credential);
    if (environment != null) {
      if (found.size() >= REMEMBERED_MAX) {
        found.clear();
      }
      found.put(credential, new Found(environment, now.plus(Keys.REMEMBERED)));
    }
    return environment;
  }
}
