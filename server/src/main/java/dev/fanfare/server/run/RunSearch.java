package dev.fanfare.server.run;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.db.Tx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Searches for the runs of a list. Each round finds candidates, runs that meet one condition of the
 * filter, and tests them against the others. The condition is the one with the fewest runs there:
 * if its candidates come to an end, they are all that can match; otherwise those that reach
 * furthest leave out most. What the lists of other conditions pass over is not tested. The next
 * round is as large as it has to be if runs match as often as in this one, within limits, until
 * enough runs are found, there are no more candidates, or the time is up.
 */
final class RunSearch {
  private static final int CANDIDATES_MIN = 32;

  /** The first round of a search with several conditions: planning a second costs more. */
  private static final int CANDIDATES_OF_SEVERAL = 1_024;

  private static final int CANDIDATES_MAX = 4_096;

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
    int n = Math.max(max, conditions.size() > 1 ? CANDIDATES_OF_SEVERAL : CANDIDATES_MIN);
    while (true) {
      Candidates candidates = candidates(tried, rest, n);
      int before = found.size();
      if (!candidates.ids.isEmpty()) {
        found.addAll(lists.matching(tx, filter, candidates.ids, rest, max - found.size()));
      }
      if (found.size() == max || candidates.last == null) {
        return new Found(found, false);
      }
      if (System.nanoTime() - endNanos > 0) {
        return new Found(found, true);
      }
      requirePresent.run();
      rest = rest.after(candidates.last);
      tried = conditions;
      n = next(n, found.size() - before, max - found.size());
    }
  }

  /** How many candidates probably contain the missing runs, a few more included. */
  private static int next(int n, int matching, int missing) {
    long probably = (long) missing * n / Math.max(1, matching);
    return Math.clamp(probably * 5 / 4, CANDIDATES_MIN, CANDIDATES_MAX);
  }

  private boolean asksForBacklog() {
    return filter.statuses().contains(RunStatus.QUEUED)
        || filter.statuses().contains(RunStatus.PENDING_VERSION);
  }

  /**
   * The runs of a range that a round tests.
   *
   * @param last where the round ends; absent: no run after it matches
   */
  private record Candidates(List<UUID> ids, @Nullable UUID last) {}

  private Candidates candidates(List<Condition> tried, IdRange range, int max) {
    List<UUID> furthest = List.of();
    List<List<UUID>> others = new ArrayList<>();
    for (Condition condition : tried) {
      List<UUID> ids = condition.candidates(tx, filter, range, max);
      if (ids.size() < max) {
        return new Candidates(inAll(ids, others, range), null);
      }
      others.add(ids);
      if (furthest.isEmpty() || range.isFurther(ids.getLast(), furthest.getLast())) {
        furthest = ids;
      }
    }
    others.remove(furthest);
    return new Candidates(inAll(furthest, others, range), furthest.getLast());
  }

  /** Those ids that are in each of the lists, or beyond its end. */
  private static List<UUID> inAll(List<UUID> ids, List<List<UUID>> lists, IdRange range) {
    List<UUID> left = ids;
    for (List<UUID> list : lists) {
      Set<UUID> known = new HashSet<>(list);
      UUID end = list.getLast();
      left = left.stream().filter(id -> known.contains(id) || range.isFurther(id, end)).toList();
    }
    return left;
  }
}
