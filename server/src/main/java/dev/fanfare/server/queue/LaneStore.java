package dev.fanfare.server.queue;

import dev.fanfare.server.db.Tx;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * SQL of {@code lanes}, as triggers use them. A lane that nobody uses goes away, so that
 * concurrency keys may be as many as the customers of an application, for years.
 *
 * <p>{@link LaneSweep} deletes lanes, and servers have their ids in memory: no entry must be
 * written for a lane that is gone. It is a matter of two steps, at least a day apart:
 *
 * <ol>
 *   <li>The sweep marks a lane as idle in which no run waits and of which nobody holds a run.
 *   <li>It deletes a lane that is still idle, and that still has no run.
 * </ol>
 *
 * <p>A trigger that adds entries makes sure, in the same transaction, that none of their lanes is
 * idle or gone ({@link #requireInUse}, {@link FreshRunStore#insert}). If one is, the transaction is
 * rolled back, the lane is revived or inserted again, and the trigger repeated. So what happens if
 * a trigger meets the sweep?
 *
 * <ul>
 *   <li>The mark was committed before the trigger looked: it sees the mark.
 *   <li>The trigger looked before. Then its transaction is over long before the second step,
 *       because statements and pauses within transactions have limits of seconds. The sweep sees
 *       its runs.
 *   <li>A trigger revives the lane during the second step: one waits for the lock of the other on
 *       the row. Either the lane is no longer idle, and the sweep skips it, or it is gone, and the
 *       trigger inserts it again.
 *   <li>A run moves from one table to another while the sweep looks for runs: it looks at all
 *       tables in one statement, in which each run is in one of them.
 * </ul>
 *
 * <p>Other transactions add entries only for runs that are in the lane already. Nobody locks lanes
 * to trigger runs: concurrent triggers of a task would all write to the same row.
 */
public final class LaneStore {

  private record Found(Lane lane, long id, boolean idle) {}

  /**
   * Returns the ids of lanes, none of which is idle. Inserts missing ones. The id of a lane never
   * changes, but a lane that was retired gets a new one.
   */
  public Map<Lane, Long> ids(Tx tx, Collection<Lane> lanes) {
    Map<Lane, Long> ids = new HashMap<>();
    List<Long> idle = new ArrayList<>();
    for (Found found : find(tx, lanes)) {
      ids.put(found.lane(), found.id());
      if (found.idle()) {
        idle.add(found.id());
      }
    }
    if (!idle.isEmpty()) {
      Set<Long> gone = new HashSet<>(idle);
      gone.removeAll(revive(tx, idle));
      ids.values().removeAll(gone);
    }
    List<Lane> missing = lanes.stream().filter(lane -> !ids.containsKey(lane)).toList();
    if (!missing.isEmpty()) {
      noteQueues(tx, missing);
      insert(tx, missing);
      find(tx, missing).forEach(found -> ids.put(found.lane(), found.id()));
    }
    return ids;
  }

  /**
   * Notes the queues of tasks, which outlast the lanes: finished runs are found by them. Rows that
   * are in use are not written, so that triggers with new concurrency keys do not wait for each
   * other. A statement of its own, always before the lanes, which prevents deadlocks.
   */
  private static void noteQueues(Tx tx, Collection<Lane> lanes) {
    tx.sql(
            """
            insert into task_queues (environment_id, task_id, queue_id, version_id)
            select distinct :environment, l.task_id, l.queue_id, l.version_id
              from unnest(:task_ids::int[], :queue_ids::int[], :version_ids::int[])
                   as l (task_id, queue_id, version_id)
             where not exists (select
                                 from task_queues x
                                where x.environment_id = :environment
                                  and x.task_id = l.task_id
                                  and x.queue_id = l.queue_id
                                  and x.version_id = l.version_id
                                  and not x.idle)
             order by l.task_id, l.queue_id, l.version_id
                on conflict (environment_id, task_id, queue_id, version_id) do update
               set idle = false, checked_at = now()
            """)
        .ints("task_ids", lanes, Lane::taskId)
        .ints("queue_ids", lanes, Lane::queueId)
        .ints("version_ids", lanes, Lane::versionId)
        .update();
  }

  /** Inserts lanes. Call it with missing ones only, because each inserted row uses up an id. */
  private static void insert(Tx tx, Collection<Lane> missing) {
    tx.sql(
            """
            insert into lanes (environment_id, queue_id, concurrency_key, task_id, version_id)
            select :environment, l.queue_id, l.concurrency_key, l.task_id, l.version_id
              from unnest(:queue_ids::int[], :concurrency_keys::text[],
                          :task_ids::int[], :version_ids::int[])
                   as l (queue_id, concurrency_key, task_id, version_id)
             order by l.queue_id, l.concurrency_key, l.task_id, l.version_id
                on conflict do nothing
            """)
        .ints("queue_ids", missing, Lane::queueId)
        .texts("concurrency_keys", missing, Lane::concurrencyKey)
        .ints("task_ids", missing, Lane::taskId)
        .ints("version_ids", missing, Lane::versionId)
        .update();
  }

  private static List<Found> find(Tx tx, Collection<Lane> lanes) {
    return tx.sql(
            """
            select l.queue_id, l.concurrency_key, l.task_id, l.version_id, l.lane_id, l.idle
              from unnest(:queue_ids::int[], :concurrency_keys::text[],
                          :task_ids::int[], :version_ids::int[])
                   as s (queue_id, concurrency_key, task_id, version_id)
             cross join lateral (
                     select x.queue_id, x.concurrency_key, x.task_id, x.version_id, x.lane_id, x.idle
                       from lanes x
                      where x.environment_id = :environment
                        and x.queue_id = s.queue_id
                        and x.concurrency_key = s.concurrency_key
                        and x.task_id = s.task_id
                        and x.version_id = s.version_id
                      limit 1) as l
            """)
        .ints("queue_ids", lanes, Lane::queueId)
        .texts("concurrency_keys", lanes, Lane::concurrencyKey)
        .ints("task_ids", lanes, Lane::taskId)
        .ints("version_ids", lanes, Lane::versionId)
        .list(r ->
            new Found(
                new Lane(
                    r.integer("queue_id"),
                    r.text("concurrency_key"),
                    r.integer("task_id"),
                    r.integer("version_id")),
                r.bigint("lane_id"),
                r.flag("idle")));
  }

  /** Takes the mark from those of these lanes that still exist, and returns them. */
  public List<Long> revive(Tx tx, Collection<Long> laneIds) {
    return tx.sql(
            """
            update lanes
               set idle = false, checked_at = now()
             where environment_id = :environment
               and lane_id = any (array(
                     select lane_id
                       from lanes
                      where environment_id = :environment
                        and lane_id = any (:lane_ids)
                      order by lane_id             -- one order for all prevents deadlocks
                        for update))
            returning lane_id
            """)
        .longs("lane_ids", laneIds, Long::longValue)
        .list(r -> r.bigint("lane_id"));
  }

  /**
   * Makes sure that runs may be added to these lanes until the transaction ends.
   *
   * @throws OutdatedLaneException if one of them is idle or gone
   */
  public void requireInUse(Tx tx, Set<Long> laneIds) {
    Integer inUse =
        tx.sql(
                """
                select count(*)::int as n
                  from unnest(:lane_ids::int8[]) as u (lane_id)
                 cross join lateral (
                         select x.lane_id
                           from lanes x
                          where x.environment_id = :environment
                            and x.lane_id = u.lane_id
                            and not x.idle
                          limit 1) as l
                """)
            .longs("lane_ids", laneIds, Long::longValue)
            .first(r -> r.integer("n"));
    if (inUse == null || inUse < laneIds.size()) {
      throw new OutdatedLaneException(laneIds);
    }
  }
}
