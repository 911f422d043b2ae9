package dev.fanfare.server.storage;

import static dev.fanfare.server.config.ServerSettings.PARTITION_SPAN;
import static dev.fanfare.server.config.ServerSettings.RETENTION;

import dev.fanfare.server.access.RetentionStore;
import dev.fanfare.server.batch.BatchDeletionStore;
import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.config.Retention;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.IdRanges;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.packet.PacketStore;
import dev.fanfare.server.queue.ExpiryStore;
import dev.fanfare.server.run.RunDeletionStore;
import dev.fanfare.server.storage.SurvivorStore.Visited;
import dev.fanfare.server.storage.WalkStore.Position;
import dev.fanfare.server.storage.WalkStore.Walk;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Deletes the final runs and batches of environments with a shorter retention than the partitions,
 * which they share with other environments.
 *
 * <p>A walk visits final runs in the order of their ids, and follows the time at a distance in
 * which most of them become final. What becomes final later stays behind it; so it begins again
 * after the same time. Its position is stored: nothing is visited twice in between, whichever
 * server walks.
 */
final class RetentionSweep implements Sweep {
  private static final int ROWS_MAX = 1_000;

  /** Less than every id. */
  private static final UUID BEGIN = new UUID(0, 0);

  private final Database database;
  private final Duration span;
  private final Duration slack;
  private final Retention retention;
  private final RetentionStore retentions = new RetentionStore();
  private final WalkStore walks = new WalkStore();
  private final PartitionStore partitions = new PartitionStore();
  private final SurvivorStore survivors = new SurvivorStore();
  private final RunDeletionStore runs = new RunDeletionStore();
  private final BatchDeletionStore batches = new BatchDeletionStore();
  private final PacketStore packets = new PacketStore();
  private final ExpiryStore expiries = new ExpiryStore();

  RetentionSweep(Resources resources) {
    this.database = resources.database();
    this.span = resources.config().get(PARTITION_SPAN);
    this.slack = PartitionSweep.slack(span);
    this.retention = resources.config().get(RETENTION);
  }

  @Override
  public Duration interval() {
    return PartitionSweep.interval(span);
  }

  @Override
  public DueQuery dueQuery() {
    return DueQuery.of(WalkStore.DUE);
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    Retentions all = new Retentions(retention, database.transaction(retentions::list));
    Duration own = all.shorter(environmentId);
    if (own == null) {
      return 0;
    }
    int visited = 0;
    for (Walk walk : Walk.values()) {
      visited += walk(environmentId, walk, now, now.minus(own));
    }
    return visited;
  }

  /**
   * Visits the next runs or batches.
   *
   * @param kept since when final ones stay
   * @return more than 0 when more may be waiting
   */
  private int walk(int environmentId, Walk walk, Instant now, Instant kept) {
    long end = kept.minus(slack).toEpochMilli();
    Position begin = new Position(BEGIN, now);
    Position found = database.transaction(environmentId, tx -> walks.find(tx, walk));
    if (found != null && next(found, end, begin) == null) {
      return 0;
    }
    return database.transaction(
        environmentId,
        tx -> {
          walks.begin(tx, walk, begin);
          Position locked = walks.lock(tx, walk);
          Position at = locked == null ? null : next(locked, end, begin);
          if (at == null) {
            return 0;
          }
          Visit visit = visit(tx, walk, at, end, kept);
          Position next = next(visit.at(), end, begin);
          walks.move(tx, walk, next == null ? visit.at() : next);
          return next == null ? visit.count() : Math.max(visit.count(), 1);
        });
  }

  /** Where a walk continues; absent: it has reached the end, and need not begin again yet. */
  private @Nullable Position next(Position at, long end, Position begin) {
    if (IdRanges.millis(at.after()) < end) {
      return at;
    }
    return end > 0 && !at.beganAt().plus(slack).isAfter(begin.beganAt()) ? begin : null;
  }

  /** Where a walk is after a step, and how many runs or batches the step has visited. */
  private record Visit(Position at, int count) {}

  private Visit visit(Tx tx, Walk walk, Position at, long end, Instant kept) {
    UUID until = IdRanges.first(Math.min(end, endOfPartition(tx, walk, at.after())));
    List<Visited> visited =
        switch (walk) {
          case RUNS -> survivors.nextRuns(tx, at.after(), until, kept, ROWS_MAX);
          case BATCHES -> survivors.nextBatches(tx, at.after(), until, kept, ROWS_MAX);
        };
    List<UUID> gone = visited.stream().filter(v -> !v.stays()).map(Visited::id).toList();
    if (!gone.isEmpty()) {
      delete(tx, walk, gone);
    }
    UUID after = visited.size() == ROWS_MAX ? visited.getLast().id() : until;
    return new Visit(new Position(after, at.beganAt()), visited.size());
  }

  private long endOfPartition(Tx tx, Walk walk, UUID id) {
    PartitionedTable table =
        switch (walk) {
          case RUNS -> PartitionedTable.OUTCOMES;
          case BATCHES -> PartitionedTable.BATCHES;
        };
    for (Partition partition : partitions.partitions(tx, table)) {
      if (partition.to() == null || partition.to() > IdRanges.millis(id)) {
        return partition.to() == null ? Long.MAX_VALUE : partition.to();
      }
    }
    return Long.MAX_VALUE;
  }

  private void delete(Tx tx, Walk walk, List<UUID> ids) {
    switch (walk) {
      case RUNS -> {
        runs.delete(tx, ids);
        expiries.delete(tx, ids);
        packets.releaseAll(tx, ids);
      }
      case BATCHES -> batches.delete(tx, ids);
    }
  }
}
