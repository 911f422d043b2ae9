package dev.fanfare.server.access.http;

import dev.fanfare.server.config.Rate;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Response;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The rate limits: for the requests of all secret keys of an environment together, for the requests
 * of each public access token, and for the items of an environment's batches. Thread-safe.
 */
public final class RateLimits {
  /** Free calls: ten at once, and one more every three minutes. */
  private static final Rate FREE = new Rate(1_800, 1);

  private static final int FREE_CALL_TOKENS = 180;

  private final RateLimit keys;
  private final RateLimit tokens;
  private final RateLimit items;
  private final RateLimit free;

  /**
   * Limits with full buckets.
   *
   * @param keys for the requests of all secret keys of an environment
   * @param tokens for the requests of one public access token
   * @param items for the items of all batches of an environment
   */
  RateLimits(Rate keys, Rate tokens, Rate items, InstantSource clock) {
    this.keys = new RateLimit(keys, clock);
    this.tokens = new RateLimit(tokens, clock);
    this.items = new RateLimit(items, clock);
    this.free = new RateLimit(FREE, clock);
  }

  /** Counts a request and returns the headers for its response, or ends it with 429. */
  Map<String, String> takeRequest(Caller caller) {
    RateLimit.Outcome outcome =
        caller.token() == null
            ? keys.take(Integer.toString(caller.environment().id()), 1)
            : tokens.take(caller.token().hash(), 1);
    if (outcome == null) {
      return Map.of();
    }
    if (!outcome.taken()) {
      throw refused(tooManyRequests(outcome), outcome);
    }
    return headers(outcome);
  }

  /** Whether a call is one of the first few for {@code id}, which count against no limit. */
  boolean takeFree(Caller caller, String id) {
    RateLimit.Outcome outcome = free.take(caller.environment().id() + ":" + id, FREE_CALL_TOKENS);
    return outcome != null && outcome.taken();
  }

  /**
   * Counts the items of a batch, or ends the request with 429. Call it after all other checks of
   * the batch and before anything is stored.
   */
  public void takeBatch(int environmentId, int count) {
    RateLimit.Outcome outcome = items.take(Integer.toString(environmentId), count);
    if (outcome != null && !outcome.taken()) {
      String message = "Batch rate limit exceeded. Limit resets at " + outcome.resetAt();
      throw refused(Response.error(429, message), outcome);
    }
  }

  private static Response tooManyRequests(RateLimit.Outcome outcome) {
    long seconds = seconds(outcome);
    String message =
        "Rate limit exceeded %s/%s requests remaining. Retry in %s seconds."
            .formatted(outcome.remaining(), outcome.limit(), seconds);
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("reset", outcome.resetAt().toEpochMilli());
    more.put("limit", outcome.limit());
    more.put("remaining", outcome.remaining());
    more.put("secondsUntilReset", seconds);
    return Response.problem(429, "Rate Limit Exceeded", message, message, more);
  }

  private static HttpError refused(Response response, RateLimit.Outcome outcome) {
    return new HttpError(
        response
            .withMissing(headers(outcome))
            .with("retry-after", Long.toString(seconds(outcome))));
  }

  private static long seconds(RateLimit.Outcome outcome) {
    return Math.max(1, Math.ceilDiv(outcome.waitMillis(), 1_000));
  }

  /** The official SDKs read the reset in milliseconds. */
  private static Map<String, String> headers(RateLimit.Outcome outcome) {
    return Map.of(
        "x-ratelimit-limit", Integer.toString(outcome.limit()),
        "x-ratelimit-remaining", Integer.toString(outcome.remaining()),
        "x-ratelimit-reset", Long.toString(outcome.resetAt().toEpochMilli()));
  }
}
