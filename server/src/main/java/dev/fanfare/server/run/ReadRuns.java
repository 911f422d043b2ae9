package dev.fanfare.server.run;

import dev.fanfare.protocol.Limits;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Reads the runs of an environment by their ids. */
public final class ReadRuns {
  /** The number of runs in a batch of the default maximum size. */
  private static final int CHILDREN_MAX = 1_000;

  /** The texts of the children that are shown with a run. */
  private static final long METADATA_BYTES_MAX = 4L * 1024 * 1024;

  private final Database database;
  private final RunQueries runs = new RunQueries();
  private final FamilyQueries families = new FamilyQueries();

  ReadRuns(Database database) {
    this.database = database;
  }

  /**
   * The run with this id, or {@code null} when the environment has no such run.
   *
   * @param reserve called with the size of its texts in bytes before they are read; may throw
   */
  public @Nullable Run find(int environmentId, UUID runId, LongConsumer reserve) {
    // A snapshot, so that no output is added after its size was read.
    return database.snapshot(
        environmentId,
        tx -> {
          Long bytes = runs.bytes(tx, runId);
          if (bytes == null) {
            return null;
          }
          reserve.accept(bytes);
          return runs.find(tx, runId);
        });
  }

  /** The run with this id without its payload, output and error, or {@code null}. */
  public @Nullable Run summary(int environmentId, UUID runId) {
    List<Run> found = database.transaction(environmentId, tx -> runs.summaries(tx, List.of(runId)));
    return found.isEmpty() ? null : found.getFirst();
  }

  /**
   * A run and its relatives, or {@code null} when the environment has no such run.
   *
   * @param reserve called with the size of their texts in bytes before they are read; may throw
   */
  public @Nullable Family family(int environmentId, UUID runId, LongConsumer reserve) {
    return database.snapshot(
        environmentId,
        tx -> {
          Long bytes = runs.bytes(tx, runId);
          if (bytes == null) {
            return null;
          }
          reserve.accept(bytes);
          return family(tx, Objects.requireNonNull(runs.find(tx, runId)), reserve);
        });
  }

  private Family family(Tx tx, Run run, LongConsumer reserve) {
    List<SizedRun> children = families.children(tx, run.id(), CHILDREN_MAX, METADATA_BYTES_MAX);
    reserve.accept(SizedRun.sum(children));
    List<UUID> childIds = SizedRun.ids(children);
    Set<UUID> relatedIds = new HashSet<>(childIds);
    Lineage lineage = run.lineage();
    if (lineage != null) {
      reserve.accept(2L * Limits.METADATA_BYTES_MAX);
      relatedIds.add(lineage.parentId());
      relatedIds.add(lineage.rootId());
    }
    Map<UUID, Run> related = new HashMap<>();
    if (!relatedIds.isEmpty()) {
      runs.summaries(tx, relatedIds).forEach(r -> related.put(r.id(), r));
    }
    return new Family(
        run,
        lineage == null ? null : related.get(lineage.rootId()),
        lineage == null ? null : related.get(lineage.parentId()),
        childIds.stream().map(related::get).toList());
  }

  /** The status of each of these runs, without unknown ids. */
  public Map<UUID, RunStatus> statuses(int environmentId, Collection<UUID> runIds) {
    return database.transaction(environmentId, tx -> runs.statuses(tx, runIds));
  }

  /**
   * The request that a replay repeats, or {@code null} when the environment has no such run. It has
   * a failure if the run ended as a system failure without an attempt.
   *
   * @param reserve called with the size of its texts in bytes before they are read; may throw
   */
  public @Nullable NewRun requested(int environmentId, UUID runId, LongConsumer reserve) {
    return database.transaction(
        environmentId,
        tx -> {
          Long bytes = runs.bytes(tx, runId);
          if (bytes == null) {
            return null;
          }
          reserve.accept(bytes);
          return runs.requested(tx, runId);
        });
  }
}
