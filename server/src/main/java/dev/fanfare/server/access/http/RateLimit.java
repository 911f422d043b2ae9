package dev.fanfare.server.access.http;

import dev.fanfare.server.config.Rate;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A bucket of tokens for each of many. A bucket is one number, the moment at which it will be full
 * again; taking tokens moves that moment. In memory, so each server of several counts for itself.
 * Safe for use by many threads.
 */
final class RateLimit {
  /** Beyond it all buckets are forgotten, and so full again. */
  private static final int BUCKETS_MAX = 10_000;

  private static final long NANOS = 1_000_000_000;

  private final Rate rate;
  private final InstantSource clock;
  private final Map<String, AtomicLong> fullAt = new ConcurrentHashMap<>();

  RateLimit(Rate rate, InstantSource clock) {
    this.rate = rate;
    this.clock = clock;
  }

  /**
   * What came of an attempt to take tokens.
   *
   * @param limit most tokens in the bucket
   * @param remaining tokens in it now
   * @param resetAt taken: when the bucket is full again; refused: when enough will be there
   * @param waitMillis until then
   */
  record Outcome(boolean taken, int limit, int remaining, Instant resetAt, long waitMillis) {}

  /** Takes {@code tokens}, or none when there are not enough; {@code null} without a limit. */
  @Nullable Outcome take(String who, int tokens) {
    if (rate.isNone()) {
      return null;
    }
    if (fullAt.size() >= BUCKETS_MAX) {
      fullAt.clear();
    }
    AtomicLong bucket = fullAt.computeIfAbsent(who, absent -> new AtomicLong());
    long now = ChronoUnit.NANOS.between(Instant.EPOCH, clock.instant());
    while (true) {
      long before = bucket.get();
      // A clock that was set back must not leave a bucket emptier than empty.
      long missing = Math.clamp(before - now, 0, nanos(rate.burst()));
      long after = missing + nanos(tokens);
      if (after > nanos(rate.burst())) {
        return outcome(false, now, missing, after - nanos(rate.burst()));
      }
      if (bucket.compareAndSet(before, now + after)) {
        return outcome(true, now, after, after);
      }
    }
  }

  /** How long so many tokens take to come back. */
  private long nanos(int tokens) {
    return tokens * NANOS / rate.perSecond();
  }

  private Outcome outcome(boolean taken, long now, long missing, long wait) {
    int remaining = (int) ((nanos(rate.burst()) - missing) * rate.perSecond() / NANOS);
    long millis = Math.ceilDiv(wait, 1_000_000);
    Instant resetAt = Instant.ofEpochMilli(Math.ceilDiv(now + wait, 1_000_000));
    return new Outcome(taken, rate.burst(), remaining, resetAt, millis);
  }
}
