package dev.fanfare.cli;

import dev.fanfare.protocol.RunStatus;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The number of runs of a batch in each state.
 *
 * @param counts the number of runs by state; states without runs are absent
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

  /** The number of runs in a final state. */
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

  /** All counts except that of COMPLETED, in the order of a run's life. */
  String others() {
    return counts.entrySet().stream()
        .filter(entry -> entry.getKey() != RunStatus.COMPLETED)
        .map(entry -> entry.getValue() + " " + entry.getKey())
        .collect(Collectors.joining(", "));
  }
}
