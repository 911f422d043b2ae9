package dev.fanfare.server.run;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.result.Refusal;
import dev.fanfare.server.result.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Lists the runs of an environment that match a filter, newest first, in pages. */
public final class ListRuns {
  /** The texts of a page. */
  private static final long METADATA_BYTES_MAX = 4L * 1024 * 1024;

  private static final Refusal TOO_SLOW =
      Refusal.unprocessable(
          "Found no run in time among the many that match a part of the filter: narrow the filter,"
              + " for example with filter[createdAt]");

  private final Database database;
  private final RunQueries runs = new RunQueries();
  private final Duration searchLimit;

  /**
   * Lists runs.
   *
   * @param searchLimit how long a page may look for further runs
   */
  ListRuns(Database database, Duration searchLimit) {
    this.database = database;
    this.searchLimit = searchLimit;
  }

  /**
   * A page of a list, newest run first.
   *
   * @param next the last run of the page; absent: no older runs follow
   * @param previous the first run of the page; absent: no newer runs precede it
   */
  public record Page(List<Run> runs, @Nullable UUID next, @Nullable UUID previous) {}

  /** Who waits for a page. Both methods may throw, which ends the search. */
  @FunctionalInterface
  public interface Reader {
    /** Called with the size of texts in bytes before they are read. */
    void reserve(long bytes);

    /** Called from time to time during a long search. */
    default void requirePresent() {}
  }

  /**
   * The page of runs that directly follows {@code after} or directly precedes {@code before}. It
   * has fewer runs than asked for if their texts would be too long, or if finding more would take
   * too long.
   *
   * @param after the last run of the page before; absent with {@code before}: the newest page
   * @param before the first run of the page after; takes precedence over {@code after}
   * @return refused if no run was found in time, although there may be some
   */
  public Result<Page> page(
      int environmentId,
      RunFilter filter,
      int size,
      @Nullable UUID after,
      @Nullable UUID before,
      Reader reader) {
    if (filter.matchesNone()) {
      return Result.of(new Page(List.of(), null, null));
    }
    IdRange range = before == null ? IdRange.olderThan(after) : IdRange.newerThan(before);
    Shown shown;
    try {
      shown = database.list(environmentId, tx -> shown(tx, filter, range, size, reader));
    } catch (DatabaseException e) {
      if (e.isTimedOut()) {
        return Result.refused(TOO_SLOW);
      }
      throw e;
    }
    if (shown.runs.isEmpty()) {
      return shown.isMore ? Result.refused(TOO_SLOW) : Result.of(new Page(List.of(), null, null));
    }
    boolean isOlder = before != null || shown.isMore;
    boolean isNewer = before != null ? shown.isMore : after != null;
    List<Run> runs = before != null ? shown.runs.reversed() : shown.runs;
    return Result.of(
        new Page(
            runs, isOlder ? runs.getLast().id() : null, isNewer ? runs.getFirst().id() : null));
  }

  /**
   * The runs of a page, in the order of their range.
   *
   * @param isMore whether further runs follow, or may follow
   */
  private record Shown(List<Run> runs, boolean isMore) {}

  private Shown shown(Tx tx, RunFilter filter, IdRange range, int size, Reader reader) {
    RunSearch search = new RunSearch(tx, filter, searchLimit, reader::requirePresent);
    List<Run> shown = new ArrayList<>();
    IdRange rest = range;
    long bytes = 0;
    while (true) {
      int missing = size - shown.size();
      // One run more than fits shows whether another page follows.
      RunSearch.Found found = search.find(rest, missing + 1);
      List<SizedRun> fitting = SizedRun.fitting(found.runs(), missing, METADATA_BYTES_MAX - bytes);
      reader.reserve(SizedRun.sum(fitting));
      int loaded = load(tx, filter, SizedRun.ids(fitting), shown);
      boolean isMore = found.isCut() || found.runs().size() > fitting.size();
      if (!isMore || found.isCut() || loaded == fitting.size()) {
        return new Shown(shown, isMore);
      }
      bytes += fitting.stream().mapToLong(SizedRun::bytes).sum();
      rest = rest.after(fitting.getLast().id());
    }
  }

  /** Adds these runs to {@code shown}, without those that changed since they were found. */
  private int load(Tx tx, RunFilter filter, List<UUID> runIds, List<Run> shown) {
    if (runIds.isEmpty()) {
      return 0;
    }
    Map<UUID, Run> loaded = new HashMap<>();
    runs.summaries(tx, runIds).forEach(run -> loaded.put(run.id(), run));
    int before = shown.size();
    for (UUID runId : runIds) {
      Run run = loaded.get(runId);
      if (run != null && filter.stillMatches(run)) {
        shown.add(run);
      }
    }
    return shown.size() - before;
  }
}
