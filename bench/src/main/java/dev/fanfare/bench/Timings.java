package dev.fanfare.bench;

import java.util.Arrays;

/** How long each of many calls took, and all of them together. Sorted; safe to share. */
final class Timings {
  private final long elapsedNanos;
  private final long[] nanos;

  Timings(long elapsedNanos, long[] nanos) {
    this.elapsedNanos = elapsedNanos;
    this.nanos = nanos.clone();
    Arrays.sort(this.nanos);
  }

  /** How many a second, when each call does {@code each}. */
  double perSecond(int each) {
    return (double) nanos.length * each * 1e9 / elapsedNanos;
  }

  double p50Millis() {
    return millis(0.5);
  }

  double p99Millis() {
    return millis(0.99);
  }

  private double millis(double quantile) {
    return nanos[(int) Math.min(nanos.length - 1L, (long) (quantile * nanos.length))] / 1e6;
  }
}
