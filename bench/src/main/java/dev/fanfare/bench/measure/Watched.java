package dev.fanfare.bench.measure;

import java.util.concurrent.Callable;

/**
 * The result of a measurement, and how much of the machine other processes took meanwhile.
 *
 * @param otherCpu as {@link OtherCpu#share}
 */
public record Watched<T>(T result, double otherCpu) {
  /** Runs a measurement. */
  public static <T> Watched<T> call(Callable<T> measurement) throws Exception {
    OtherCpu others = OtherCpu.watch();
    T result = measurement.call();
    return new Watched<>(result, others.share());
  }
}
