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
 * A rate limiter with one token bucket for each key. A bucket is stored as one number: the time at
 * which it will be full again. Taking tokens moves that time. Buckets are in memory, so every
 * server counts for itself. Thread-safe.
 */
final class RateLimit {
  /** Bounds the memory: at this number all buckets are dropped, and start full again. */
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
   * The result of an attempt to take tokens.
   *
   * @param taken whether the tokens were taken
   * @param limit the capacity of the bucket
   * @param remaining the tokens in the bucket now
   * @param resetAt when taken: the time at which the bucket is full again; otherwise: the time at
   *     which it has enough tokens
   * @param waitMillis the time until {@code resetAt}
   */
  record Outcome(boolean taken, int limit, int remaining, Instant resetAt, long waitMillis) {}

  /** Takes {@code tokens}, or none if the bucket has fewer; {@code null} when there is no limit. */
  @Nullable Outcome take(String key, int tokens) {
    if (rate.isNone()) {
      return null;
    }
    if (fullAt.size() >= BUCKETS_MAX) {
      fullAt.clear();
    }
    AtomicLong bucket = fullAt.computeIfAbsent(key, absent -> new AtomicLong());
    long now = ChronoUnit.NANOS.between(Instant.EPOCH, clock.instant());
    while (true) {
      long before = bucket.get();
      // Clamped, because a clock that is set back would leave a bucket emptier than empty.
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

  /** The time in which the bucket gains {@code tokens}. */
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
