package dev.fanfare.server.db;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a signal says: runs that may be claimable.
 *
 * @param taskIds the tasks of the runs; empty: unknown
 * @param runs how many there may be, at least 1
 * @param forAll whether every poll must look, because the news is not only about runs
 */
record Work(Set<Integer> taskIds, int runs, boolean forAll) {
  /** As many tasks as surely fit into a notification. */
  private static final int TASKS_MAX = 100;

  /** Something somewhere: the poll that looks finds out what, and tells the others. */
  static final Work UNKNOWN = new Work(Set.of(), 1, false);

  static final Work FOR_ALL = new Work(Set.of(), Integer.MAX_VALUE, true);

  static Work of(Set<Integer> taskIds, int runs) {
    return new Work(taskIds.size() > TASKS_MAX ? Set.of() : Set.copyOf(taskIds), runs, false);
  }

  /** Both together. */
  Work and(Work other) {
    if (forAll || other.forAll) {
      return FOR_ALL;
    }
    int sum = (int) Math.min(Integer.MAX_VALUE, (long) runs + other.runs);
    if (taskIds.isEmpty() || other.taskIds.isEmpty()) {
      return of(Set.of(), sum);
    }
    Set<Integer> both = new HashSet<>(taskIds);
    both.addAll(other.taskIds);
    return of(both, sum);
  }

  /** The form in a notification: without blanks, {@code all} or {@code 3:7,8}. */
  String text() {
    return forAll
        ? "all"
        : runs + ":" + taskIds.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  /**
   * Reads {@link #text}.
   *
   * @return {@code null} if it has another form
   */
  static @Nullable Work parse(String text) {
    if (text.equals("all")) {
      return FOR_ALL;
    }
    if (!text.matches("[1-9][0-9]{0,9}:([0-9]{1,9}(,[0-9]{1,9}){0," + (TASKS_MAX - 1) + "})?")) {
      return null;
    }
    int colon = text.indexOf(':');
    String ids = text.substring(colon + 1);
    Set<Integer> taskIds =
        ids.isEmpty()
            ? Set.of()
            : Arrays.stream(ids.split(",", -1)).map(Integer::valueOf).collect(Collectors.toSet());
    long runs = Long.parseLong(text.substring(0, colon));
    return of(taskIds, (int) Math.min(Integer.MAX_VALUE, runs));
  }
}
