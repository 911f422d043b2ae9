package dev.fanfare.server.queue;

import dev.fanfare.server.db.Tx;

/** SQL of {@code parked}: runs whose task no worker has declared yet. */
public final class ParkedStore {

  /**
   * Takes up to {@code max} runs out of a lane whose task is still unknown; returns how many. The
   * task's row stays locked to the end, so a worker that declares it at this moment either comes
   * first, and nothing is parked, or finds here what was.
   */
  public int park(Tx tx, int environmentId, int laneId, int max) {
    return tx.update(
        """
        with unknown as materialized (
          select t.environment_id, t.task_id, l.lane_id
            from tasks t
            join lanes l using (environment_id, task_id)
           where t.environment_id = ?
             and l.lane_id = ?
             and t.registered_at is null
             for share of t
        ), taken as (
          delete from ready
           where environment_id = ?
             and (lane_id, rank, run_id) in (
                   select r.lane_id, r.rank, r.run_id
                     from ready r
                     join unknown u using (environment_id, lane_id)
                    order by r.rank, r.run_id
                    limit ?
                      for update of r skip locked)
          returning environment_id, lane_id, rank, run_id
        )
        insert into parked (environment_id, task_id, rank, run_id, lane_id)
        select t.environment_id, u.task_id, t.rank, t.run_id, t.lane_id
          from taken t
          join unknown u using (environment_id, lane_id)
        """,
        environmentId,
        laneId,
        environmentId,
        max);
  }

  /** Makes up to {@code max} parked runs of a task ready again, at their old places. */
  public int release(Tx tx, int environmentId, int taskId, int max) {
    return tx.update(
        """
        with released as (
          delete from parked
           where environment_id = ?
             and task_id = ?
             and (rank, run_id) in (
                   select rank, run_id
                     from parked
                    where environment_id = ?
                      and task_id = ?
                    order by rank, run_id
                    limit ?
                      for update skip locked)
          returning environment_id, lane_id, rank, run_id
        )
        insert into ready (environment_id, lane_id, rank, run_id, fence, attempt, losses)
        select environment_id, lane_id, rank, run_id, 0, 0, 0
          from released
        """,
        environmentId,
        taskId,
        environmentId,
        taskId,
        max);
  }
}
