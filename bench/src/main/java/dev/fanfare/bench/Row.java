package dev.fanfare.bench;

import dev.fanfare.bench.measure.OtherCpu;
import dev.fanfare.bench.measure.Spread;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One row of the result table.
 *
 * @param workload the workload's name, such as {@code ingest}
 * @param what the measured quantity
 * @param unit the unit of all figures
 * @param ours Fanfare's result
 * @param baseline the baseline's result; null: it has no such quantity
 * @param ratio the median of the ratios ours / baseline, each taken within one repeat; null without
 *     baseline
 * @param peers the results of the peers
 * @param otherCpu the share of the machine that other processes took, for each repeat where it is
 *     known
 */
record Row(
    String workload,
    String what,
    String unit,
    Spread ours,
    @Nullable Spread baseline,
    @Nullable Double ratio,
    List<PeerResult> peers,
    List<Double> otherCpu) {

  /**
   * The result of a peer.
   *
   * @param ratio the median of the ratios ours / peer, each taken within one repeat
   */
  record PeerResult(String name, Spread result, double ratio) {}

  /** A row whose figures were measured once, without peers. */
  static Row of(String workload, String what, String unit, double ours, double baseline) {
    return of(workload, what, unit, List.of(Repeat.of(ours, baseline)));
  }

  /** A row with one figure of the results of each repeat. */
  static <T> Row of(
      String workload,
      String what,
      String unit,
      List<Repeat<T>> repeats,
      Function<T, Double> figure) {
    return of(workload, what, unit, repeats.stream().map(r -> r.map(figure)).toList());
  }

  static Row of(String workload, String what, String unit, List<Repeat<Double>> repeats) {
    Set<String> names = new LinkedHashSet<>();
    repeats.forEach(repeat -> names.addAll(repeat.peers().keySet()));
    return new Row(
        workload,
        what,
        unit,
        Spread.of(repeats.stream().map(Repeat::ours).toList()),
        Spread.of(repeats.stream().map(Repeat::baseline).toList()),
        Spread.of(repeats.stream().map(r -> r.ours() / r.baseline()).toList()).median(),
        names.stream().map(name -> peer(name, repeats)).toList(),
        shares(repeats));
  }

  /** A row with one figure of Fanfare's results, which neither the baseline nor a peer has. */
  static <T> Row alone(
      String workload,
      String what,
      String unit,
      List<Repeat<T>> repeats,
      Function<T, Double> figure) {
    return new Row(
        workload,
        what,
        unit,
        Spread.of(repeats.stream().map(Repeat::ours).map(figure).toList()),
        null,
        null,
        List.of(),
        shares(repeats));
  }

  /** A row with a figure that only Fanfare has, and that was measured once. */
  static Row alone(String workload, String what, String unit, double ours) {
    return alone(workload, what, unit, List.of(Repeat.of(ours, ours)), figure -> figure);
  }

  private static List<Double> shares(List<? extends Repeat<?>> repeats) {
    List<Double> shares = new ArrayList<>();
    for (Repeat<?> repeat : repeats) {
      if (!Double.isNaN(repeat.otherCpu())) {
        shares.add(repeat.otherCpu());
      }
    }
    return shares;
  }

  private static PeerResult peer(String name, List<Repeat<Double>> repeats) {
    List<Double> results = new ArrayList<>();
    List<Double> ratios = new ArrayList<>();
    for (Repeat<Double> repeat : repeats) {
      Double result = repeat.peers().get(name);
      if (result != null) {
        results.add(result);
        ratios.add(repeat.ours() / result);
      }
    }
    return new PeerResult(name, Spread.of(results), Spread.of(ratios).median());
  }

  /** The same row as a part of another workload. */
  Row in(String other) {
    return new Row(other, workload + ", " + what, unit, ours, baseline, ratio, peers, otherCpu);
  }

  /** The best of the peers, by the median; null if none was measured. */
  @Nullable PeerResult best() {
    Comparator<PeerResult> byMedian = Comparator.comparingDouble(peer -> peer.result().median());
    boolean mostIsBest = unit.endsWith("/s");
    return peers.stream().max(mostIsBest ? byMedian : byMedian.reversed()).orElse(null);
  }

  /** The result of this peer, if it was measured. */
  Optional<PeerResult> peer(String name) {
    return peers.stream().filter(peer -> peer.name().equals(name)).findFirst();
  }

  /** How many repeats were disturbed by other processes. */
  long polluted() {
    return otherCpu.stream().filter(share -> share >= OtherCpu.POLLUTED).count();
  }
}
