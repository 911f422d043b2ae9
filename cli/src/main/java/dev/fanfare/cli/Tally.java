package dev.fanfare.cli;

import dev.fanfare.protocol.RunStatus;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How many runs of a batch are in which state.
 *
 * @param counts a state that no run is in may be absent
 */
record Tally(Map<RunStatus, Integer> counts) {
  Tally {
    EnumMap<RunStatus, Integer> copy = new EnumMap<>(RunStatus.class);
    counts.forEach((status, count) -> {
      if (count > 0) {
        copy.put(status, count);
      }
    });
    counts = Collections.unmodifiableMap(copy);
  }

  int of(RunStatus status) {
    return counts.getOrDefault(status, 0);
  }

  int total() {
    return counts.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** Runs that will not change any more. */
  int ended() {
    return counts.entrySet().stream()
        .filter(entry -> entry.getKey().isFinal())
        .mapToInt(Map.Entry::getValue)
        .sum();
  }

  boolean allEnded() {
    return ended() == total();
  }

  boolean allCompleted() {
    return of(RunStatus.COMPLETED) == total();
  }

  /** Every count but COMPLETED's, in the order in which a run passes through the states. */
  String others() {
    return counts.entrySet().stream()
        .filter(entry -> entry.getKey() != RunStatus.COMPLETED)
        .map(entry -> entry.getValue() + " " + entry.getKey())
        .collect(Collectors.joining(", "));
  }
}
