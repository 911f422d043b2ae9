package dev.fanfare.server.run;

import dev.fanfare.protocol.Limits;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.FamilyQueries.Member;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads the runs of an environment by their ids. */
public final class ReadRuns {
  /** The number of runs in a batch of the default maximum size. */
  private static final int CHILDREN_MAX = 1_000;

  /** The texts of the children that are shown with a run. */
  private static final long CHILDREN_METADATA_BYTES_MAX = 4L * 1024 * 1024;

  /** What a run takes besides its texts. */
  private static final long MEMBER_BYTES = 2_048;

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
    // A snapshot, so that no output is added after its size was read.
    return database.snapshot(
        environmentId,
        tx -> {
          List<Member> members =
              families.members(tx, runId, CHILDREN_MAX, CHILDREN_METADATA_BYTES_MAX);
          // The children of a dropped run may be stored, but the run itself comes first.
          boolean isStored = !members.isEmpty() && members.getFirst().id().equals(runId);
          return isStored ? family(tx, members, reserve) : null;
        });
  }

  private Family family(Tx tx, List<Member> members, LongConsumer reserve) {
    reserve.accept(members.stream().mapToLong(member -> MEMBER_BYTES + member.bytes()).sum());
    Member self = members.getFirst();
    Set<UUID> runIds =
        members.stream().map(Member::id).collect(Collectors.toCollection(HashSet::new));
    Lineage lineage = self.lineage();
    if (lineage != null) {
      reserve.accept(2L * Limits.METADATA_BYTES_MAX);
      runIds.add(lineage.parentId());
      runIds.add(lineage.rootId());
    }
    Map<UUID, Run> family = new HashMap<>();
    runs.list(tx, runIds, self.id()).forEach(run -> family.put(run.id(), run));
    return new Family(
        Objects.requireNonNull(family.get(self.id())),
        lineage == null ? null : family.get(lineage.rootId()),
        lineage == null ? null : family.get(lineage.parentId()),
        members.stream().skip(1).map(child -> family.get(child.id())).toList());
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
