package dev.fanfare.bench;

import java.util.Arrays;
import java.util.List;

/** The durations of many calls, and their total elapsed time. Immutable and thread-safe. */
final class Timings {
  private final long elapsedNanos;
  private final long[] nanos;

  Timings(long elapsedNanos, long[] nanos) {
    this.elapsedNanos = elapsedNanos;
    this.nanos = nanos.clone();
    Arrays.sort(this.nanos);
  }

  /** The durations of calls whose total elapsed time is unknown; at least one. */
  static Timings of(List<Long> nanos) {
    return new Timings(0, nanos.stream().mapToLong(Long::longValue).toArray());
  }

  /** The throughput per second, if each call handles {@code each} runs. */
  double perSecond(int each) {
    return (double) nanos.length * each * 1e9 / elapsedNanos;
  }

  double p50Millis() {
    return millis(0.5);
  }

  double p95Millis() {
    return millis(0.95);
  }

  double p99Millis() {
    return millis(0.99);
  }

  double maxMillis() {
    return millis(1);
  }

  private double millis(double quantile) {
    return nanos[(int) Math.min(nanos.length - 1L, (long) (quantile * nanos.length))] / 1e6;
  }
}
