package dev.fanfare.server.run;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.db.Tx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Searches for the runs of a list. Each round finds candidates, runs that meet one condition of the
 * filter, and tests them against the others. The condition is the one with the fewest runs there:
 * if its candidates come to an end, they are all that can match; otherwise those that reach
 * furthest leave out most. Rounds grow, up to a limit, until enough runs are found, there are no
 * more candidates, or the time is up.
 */
final class RunSearch {
  private static final int CANDIDATES_MIN = 32;
  private static final int CANDIDATES_MAX = 4_096;
  private static final int GROWTH = 4;

  private final RunListQueries lists = new RunListQueries();
  private final Tx tx;
  private final RunFilter filter;
  private final List<Condition> conditions;
  private final long endNanos;
  private final Runnable requirePresent;

  /**
   * A search in a transaction.
   *
   * @param limit how long it may take, apart from its last round
   * @param requirePresent called between rounds; throws if nobody waits for the result any more
   */
  RunSearch(Tx tx, RunFilter filter, Duration limit, Runnable requirePresent) {
    this.tx = tx;
    this.filter = filter;
    this.conditions = Condition.of(filter);
    this.endNanos = System.nanoTime() + limit.toNanos();
    this.requirePresent = requirePresent;
  }

  /**
   * The result of a search.
   *
   * @param runs in the order of the range
   * @param isCut whether the time was up before as many runs were found as asked for
   */
  record Found(List<SizedRun> runs, boolean isCut) {}

  /**
   * The first {@code max} matching runs of a range; fewer if there are no more, or if it is cut.
   */
  Found find(IdRange range, int max) {
    List<SizedRun> found = new ArrayList<>();
    IdRange rest = range.createdBetween(filter.createdFrom(), filter.createdTo());
    // The newest runs of a backlog are usually the newest runs, and finding others reads all of it.
    List<Condition> tried = asksForBacklog() ? List.of(Condition.ANY) : conditions;
    for (int n = Math.max(max, CANDIDATES_MIN); ; n = Math.min(GROWTH * n, CANDIDATES_MAX)) {
      List<UUID> candidates = candidates(tried, rest, n);
      if (!candidates.isEmpty()) {
        found.addAll(lists.matching(tx, filter, candidates, rest, max - found.size()));
      }
      if (found.size() == max || candidates.size() < n) {
        return new Found(found, false);
      }
      if (System.nanoTime() - endNanos > 0) {
        return new Found(found, true);
      }
      requirePresent.run();
      rest = rest.after(candidates.getLast());
      tried = conditions;
    }
  }

  private boolean asksForBacklog() {
    return filter.statuses().contains(RunStatus.QUEUED)
        || filter.statuses().contains(RunStatus.PENDING_VERSION);
  }

  private List<UUID> candidates(List<Condition> tried, IdRange range, int max) {
    List<UUID> furthest = List.of();
    for (Condition condition : tried) {
      List<UUID> candidates = condition.candidates(tx, filter, range, max);
      if (candidates.size() < max) {
        return candidates;
      }
      if (furthest.isEmpty() || range.isFurther(candidates.getLast(), furthest.getLast())) {
        furthest = candidates;
      }
    }
    return furthest;
  }
}
