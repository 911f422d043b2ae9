package dev.fanfare.bench.measure;

import java.util.ArrayList;
import java.util.List;

/** The median of the repeats of a measurement, with the smallest and the largest. */
public record Spread(double median, double min, double max) {
  /** The spread of these figures; at least one. */
  public static Spread of(List<Double> figures) {
    List<Double> sorted = new ArrayList<>(figures);
    sorted.sort(null);
    return new Spread(median(sorted), sorted.getFirst(), sorted.getLast());
  }

  private static double median(List<Double> sorted) {
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
