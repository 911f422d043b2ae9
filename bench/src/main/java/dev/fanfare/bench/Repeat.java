package dev.fanfare.bench;

import dev.fanfare.bench.measure.OtherCpu;
import dev.fanfare.bench.measure.Watched;
import dev.fanfare.bench.peer.Peer;
import dev.fanfare.bench.peer.Peers;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;

/**
 * One repeat of a measurement: the results of Fanfare, the baseline and the peers, measured one
 * directly after the other.
 *
 * @param peers the results by the names of the peers
 * @param otherCpu the share of the machine that other processes took, in the most disturbed of
 *     these measurements; NaN: unknown
 */
record Repeat<T>(T ours, T baseline, Map<String, T> peers, double otherCpu) {

  /** Measures a peer. */
  interface PeerMeasurement<T> {
    T measure(Peer peer) throws Exception;
  }

  /** A repeat without peers. */
  static <T> Repeat<T> of(T ours, T baseline) {
    return new Repeat<>(ours, baseline, Map.of(), Double.NaN);
  }

  /** A repeat of two measurements without peers. */
  static <T> Repeat<T> of(Watched<T> ours, Watched<T> baseline) {
    return new Repeat<>(
        ours.result(), baseline.result(), Map.of(), Math.max(ours.otherCpu(), baseline.otherCpu()));
  }

  /** Measures Fanfare and the baseline. */
  static <T> Repeat<T> measure(Callable<T> ours, Callable<T> baseline) throws Exception {
    return measure(
        ours,
        baseline,
        Peers.none(),
        peer -> {
          throw new IllegalStateException("There are no peers");
        });
  }

  /** Measures all of them. A peer that fails is left out from now on. */
  static <T> Repeat<T> measure(
      Callable<T> ours, Callable<T> baseline, Peers peers, PeerMeasurement<T> peerMeasurement)
      throws Exception {
    Watched<T> baselineResult = Watched.call(baseline);
    Watched<T> oursResult = Watched.call(ours);
    Map<String, T> peerResults = new LinkedHashMap<>();
    double worst = Math.max(baselineResult.otherCpu(), oursResult.otherCpu());
    for (Peer peer : peers.present()) {
      try {
        Watched<T> result = Watched.call(() -> peerMeasurement.measure(peer));
        peerResults.put(peer.name(), result.result());
        worst = Math.max(worst, result.otherCpu());
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception e) {
        peers.remove(peer, e);
      }
    }
    return new Repeat<>(oursResult.result(), baselineResult.result(), peerResults, worst);
  }

  /** The same repeat without peers, beside another baseline that was measured next to it. */
  Repeat<T> beside(Watched<T> other) {
    return new Repeat<>(ours, other.result(), Map.of(), Math.max(otherCpu, other.otherCpu()));
  }

  /** The same repeat, with one figure of each result. */
  <U> Repeat<U> map(Function<T, U> figure) {
    Map<String, U> mapped = new LinkedHashMap<>();
    peers.forEach((name, result) -> mapped.put(name, figure.apply(result)));
    return new Repeat<>(figure.apply(ours), figure.apply(baseline), mapped, otherCpu);
  }

  /** All results in one line; {@code format} is that of one figure. */
  String text(Function<T, Double> figure, String format) {
    StringBuilder text = new StringBuilder();
    text.append(format(format, figure.apply(ours)));
    text.append(", baseline ").append(format(format, figure.apply(baseline)));
    peers.forEach((name, result) ->
        text.append(", ").append(name).append(' ').append(format(format, figure.apply(result))));
    if (otherCpu >= OtherCpu.POLLUTED) {
      text.append(
          format("; POLLUTED: other processes took %.0f %% of the machine", 100 * otherCpu));
    }
    return text.toString();
  }

  private static String format(String format, double figure) {
    return String.format(Locale.ROOT, format, figure);
  }
}
