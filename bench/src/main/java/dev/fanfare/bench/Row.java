package dev.fanfare.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * A line of the table.
 *
 * @param work which work, such as {@code ingest}
 * @param what what was measured of it
 * @param unit of both numbers
 * @param ours median of the repeats
 * @param limit median of the repeats
 * @param ratio median of the ratios of each repeat's ours to the limit measured beside it
 */
record Row(String work, String what, String unit, double ours, double limit, double ratio) {

  /** Ours and its limit, measured one right after the other. */
  record Pair(double ours, double limit) {}

  static Row of(String work, String what, String unit, List<Pair> repeats) {
    return new Row(
        work,
        what,
        unit,
        median(repeats.stream().map(Pair::ours).toList()),
        median(repeats.stream().map(Pair::limit).toList()),
        median(repeats.stream().map(p -> p.ours / p.limit).toList()));
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
