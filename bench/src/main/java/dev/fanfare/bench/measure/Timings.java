package dev.fanfare.bench.measure;

import java.util.Arrays;
import java.util.List;

/** The durations of many calls, and their total elapsed time. Immutable and thread-safe. */
public final class Timings {
  private final long elapsedNanos;
  private final long[] nanos;

  /**
   * The durations of calls, in nanoseconds, at least one, that together took {@code elapsedNanos}.
   */
  public Timings(long elapsedNanos, long[] nanos) {
    this.elapsedNanos = elapsedNanos;
    this.nanos = nanos.clone();
    Arrays.sort(this.nanos);
  }

  /** The durations of calls whose total elapsed time is unknown; at least one. */
  public static Timings of(List<Long> nanos) {
    return new Timings(0, nanos.stream().mapToLong(Long::longValue).toArray());
  }

  /** The throughput per second, if each call handles {@code each} runs. */
  public double perSecond(int each) {
    return (double) nanos.length * each * 1e9 / elapsedNanos;
  }

  /** The median duration, in milliseconds. */
  public double p50Millis() {
    return millis(0.5);
  }

  /** The 95th percentile duration, in milliseconds. */
  public double p95Millis() {
    return millis(0.95);
  }

  /** The 99th percentile duration, in milliseconds. */
  public double p99Millis() {
    return millis(0.99);
  }

  /** The longest duration, in milliseconds. */
  public double maxMillis() {
    return millis(1);
  }

  /** The total elapsed time, in nanoseconds. */
  public long elapsedNanos() {
    return elapsedNanos;
  }

  /** The durations in ascending order, in nanoseconds. */
  public long[] nanos() {
    return nanos.clone();
  }

  private double millis(double quantile) {
    return nanos[(int) Math.min(nanos.length - 1L, (long) (quantile * nanos.length))] / 1e6;
  }
}
