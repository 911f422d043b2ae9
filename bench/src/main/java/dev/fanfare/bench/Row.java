package dev.fanfare.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * One row of the result table.
 *
 * @param workload the workload's name, such as {@code ingest}
 * @param what the measured quantity
 * @param unit the unit of both numbers
 * @param ours Fanfare's result, the median of the repeats
 * @param baseline the baseline's result, the median of the repeats
 * @param ratio the median of the ratios ours / baseline, each taken within one repeat
 */
record Row(String workload, String what, String unit, double ours, double baseline, double ratio) {

  /** Our result and the baseline's, measured directly one after the other. */
  record Pair(double ours, double baseline) {}

  static Row of(String workload, String what, String unit, List<Pair> repeats) {
    return new Row(
        workload,
        what,
        unit,
        median(repeats.stream().map(Pair::ours).toList()),
        median(repeats.stream().map(Pair::baseline).toList()),
        median(repeats.stream().map(p -> p.ours / p.baseline).toList()));
  }

  private static double median(List<Double> values) {
    List<Double> sorted = new ArrayList<>(values);
    sorted.sort(null);
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
