package dev.fanfare.server.queue;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.task.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * SQL that inserts new runs into {@code ready}. Runs of one lane that were triggered together share
 * entries: see the columns {@code n} and {@code floor_id}.
 */
public final class FreshRunStore {

  /**
   * The most runs of one entry. A claim locks whole entries, so others that claim from the lane at
   * the same time get the next ones.
   */
  public static final int RUNS_MAX = 32;

  /**
   * The entry of a new run, and the key of its lane.
   *
   * @param expires whether it has a time to live: then it has an entry of its own
   */
  public record Fresh(Entry entry, Lane lane, boolean expires) {
    /** Whether {@code next} can follow in the same entry. */
    private boolean isFollowedBy(Fresh next) {
      UUID id = entry.runId();
      UUID nextId = next.entry.runId();
      return !expires
          && !next.expires
          && lane.equals(next.lane)
          && entry.rank() + 1 == next.entry.rank()
          && id.getMostSignificantBits() == nextId.getMostSignificantBits()
          && id.getLeastSignificantBits() + 1 == nextId.getLeastSignificantBits();
    }
  }

  /** Runs of one entry. */
  private record Range(Fresh first, Fresh last, int n) {
    /** Precedes the id of the first run; {@code null} if there is no other. */
    @Nullable UUID floorId() {
      UUID id = first.entry.runId();
      return n == 1
          ? null
          : new UUID(id.getMostSignificantBits(), id.getLeastSignificantBits() - 1);
    }
  }

  private static List<Range> ranges(List<Fresh> runs) {
    List<Range> ranges = new ArrayList<>();
    int from = 0;
    for (int i = 1; i <= runs.size(); i++) {
      if (i == runs.size() || i - from == RUNS_MAX || !runs.get(i - 1).isFollowedBy(runs.get(i))) {
        ranges.add(new Range(runs.get(from), runs.get(i - 1), i - from));
        from = i;
      }
    }
    return ranges;
  }

  /**
   * Makes new runs claimable, later, in one statement. It fails with an {@link
   * OutdatedLaneException} if the lane of one is idle or gone, or if an assumption is wrong.
   *
   * @param assumed tasks that must exist with their queue and time to live
   */
  public void insert(Tx tx, List<Fresh> runs, Collection<Task> assumed) {
    Set<Long> laneIds = new HashSet<>();
    runs.forEach(run -> laneIds.add(run.entry().laneId()));
    List<Range> ranges = ranges(runs);
    // Without an environment the insert fails.
    tx.sql(
            """
            insert into ready
                   (environment_id, task_id, version_id, lane_id, rank, last_id, fence, attempt,
                    losses, n, floor_id)
            select case when c.present then :environment end, e.task_id, e.version_id,
                   e.lane_id, e.rank, e.last_id, 0, 0, 0, e.n, e.floor_id
              from unnest(:task_ids::int[], :version_ids::int[], :lane_ids::int8[], :ranks::int8[],
                          :last_ids::uuid[], :ns::int[], :floor_ids::uuid[])
                   as e (task_id, version_id, lane_id, rank, last_id, n, floor_id)
             cross join (
                     select (select count(*)         -- once for the statement
                               from unnest(:used_lane_ids::int8[]) as u (lane_id)
                              cross join lateral (
                                      select x.lane_id
                                        from lanes x
                                       where x.environment_id = :environment
                                         and x.lane_id = u.lane_id
                                         and not x.idle
                                       limit 1) as l) = cardinality(:used_lane_ids::int8[])
                            and (select count(*)
                                   from unnest(:assumed_task_ids::int[],
                                               :assumed_queue_ids::int[],
                                               :assumed_ttls_ms::int8[])
                                        as a (task_id, queue_id, ttl_ms)
                                  cross join lateral (
                                          select x.task_id
                                            from tasks x
                                           where x.environment_id = :environment
                                             and x.task_id = a.task_id
                                             and x.queue_id = a.queue_id
                                             and x.ttl_ms is not distinct from a.ttl_ms
                                           limit 1) as t) = cardinality(:assumed_task_ids::int[])
                            as present) as c
            """)
        .longs("used_lane_ids", laneIds, Long::longValue)
        .ints("task_ids", ranges, range -> range.first.lane.taskId())
        .ints("version_ids", ranges, range -> range.first.lane.versionId())
        .longs("lane_ids", ranges, range -> range.first.entry.laneId())
        .longs("ranks", ranges, range -> range.first.entry.rank())
        .uuids("last_ids", ranges, range -> range.last.entry.runId())
        .ints("ns", ranges, Range::n)
        .uuids("floor_ids", ranges, Range::floorId)
        .ints("assumed_task_ids", assumed, Task::id)
        .ints("assumed_queue_ids", assumed, Task::queueId)
        .longsOrNull("assumed_ttls_ms", assumed, task -> millis(task.ttl()))
        .updateLater(failure ->
            failure.isNull("environment_id") ? new OutdatedLaneException(laneIds) : null);
  }

  private static @Nullable Long millis(@Nullable Duration span) {
    return span == null ? null : span.toMillis();
  }
}
