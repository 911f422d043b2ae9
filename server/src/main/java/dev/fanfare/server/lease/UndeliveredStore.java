package dev.fanfare.server.lease;

import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/** SQL of leases whose worker does not know of them, because the response to its poll was lost. */
final class UndeliveredStore {

  /**
   * Ends the polls of a session with lower numbers than {@code poll}: they claim nothing from now
   * on. Waits for claims of the session, so that what they have claimed is visible afterwards.
   */
  void endPolls(Tx tx, UUID sessionId, int poll) {
    tx.sql(
            """
            with own as materialized (
              -- conflicts with the lock of a claim, which an update alone would not
              select environment_id, session_id
                from sessions
               where environment_id = :environment
                 and session_id = :session_id
                 for update
            )
            update sessions s
               set first_poll_no = greatest(s.first_poll_no, :poll)
              from own o
             where s.environment_id = o.environment_id
               and s.session_id = o.session_id
            """)
        .bind("session_id", sessionId)
        .bind("poll", poll)
        .update();
  }

  /**
   * Moves leases that have not started from the polls {@code unanswered} to {@code poll - 1} to the
   * poll {@code poll}, and returns their runs, at most {@code max}.
   *
   * @param bytesMax the maximum of payloads and metadata in bytes. One run of any size always fits
   */
  List<ClaimedRun> moveToPoll(
      Tx tx, UUID sessionId, int unanswered, int poll, int max, long bytesMax) {
    List<UUID> held =
        tx.sql(
                """
                select l.run_id
                  from leases l
                 where l.environment_id = :environment
                   and l.session_id = :session_id
                   and l.poll_no >= :unanswered
                   and l.poll_no < :poll
                   and l.started_at is null
                 order by l.run_id
                 limit :max
                   for update
                """)
            .bind("session_id", sessionId)
            .bind("unanswered", unanswered)
            .bind("poll", poll)
            .bind("max", max)
            .list(r -> r.uuid("run_id"));
    return held.isEmpty() ? List.of() : move(tx, held, poll, bytesMax);
  }

  /** Moves leases that the caller has locked: as many as fit. */
  private static List<ClaimedRun> move(Tx tx, List<UUID> runIds, int poll, long bytesMax) {
    return tx.sql(
            """
            with held as materialized (
              select l.*
                from leases l
               where l.environment_id = :environment
                 and l.run_id = any (:run_ids)
            ), fitting as materialized (
              select s.*
                from (select h.run_id, h.fence, h.lane_id, h.rank, h.attempt, h.batch_id,
                             sum(coalesce(octet_length(r.payload), 0)
                                 + coalesce(octet_length(d.metadata), 0))
                               over (order by h.rank, h.run_id) as bytes,
                             row_number() over (order by h.rank, h.run_id) as n,
                             r.payload, r.payload_type, d.metadata, r.tags, r.is_test, r.created_at,
                             r.max_attempts, r.max_duration_ms
                        from held h
                       cross join lateral (
                               select x.payload, x.payload_type, x.tags, x.is_test,
                                      x.created_at, x.max_attempts, x.max_duration_ms
                                 from runs x
                                where x.environment_id = h.environment_id
                                  and x.run_id = h.run_id
                                  and within(x.run_id, :run_ids)
                                limit 1) as r
                        left join lateral (
                               select x.metadata
                                 from run_metadata x
                                where x.environment_id = h.environment_id
                                  and x.run_id = h.run_id
                                  and within(x.run_id, :run_ids)
                                limit 1) as d on true) as s
               where s.bytes <= :bytes_max
                  or s.n = 1
            ), moved as (
              update leases
                 set poll_no = :poll
               where environment_id = :environment
                 and run_id = any (array(select run_id from fitting))
            )
            select f.*, t.slug as task, q.name as queue,
                   coalesce(f.max_attempts, t.max_attempts) as attempts_allowed,
                   coalesce(f.max_duration_ms, t.max_duration_ms) as duration_allowed_ms
              from fitting f
              join lanes l on l.environment_id = :environment and l.lane_id = f.lane_id
              join tasks t on t.environment_id = l.environment_id and t.task_id = l.task_id
              join queues q on q.environment_id = l.environment_id and q.queue_id = l.queue_id
             order by f.rank, f.run_id
            """)
        .uuids("run_ids", runIds)
        .bind("poll", poll)
        .bind("bytes_max", bytesMax)
        .list(UndeliveredStore::claimed);
  }

  private static ClaimedRun claimed(Row r) throws SQLException {
    return new ClaimedRun(
        r.uuid("run_id"),
        r.integer("fence"),
        r.bigint("lane_id"),
        r.bigint("rank"),
        r.integer("attempt"),
        r.integer("attempts_allowed"),
        r.millisOrNull("duration_allowed_ms"),
        r.text("task"),
        r.text("queue"),
        r.uuidOrNull("batch_id"),
        r.textOrNull("payload"),
        r.textOrNull("payload_type"),
        r.textOrNull("metadata"),
        r.texts("tags"),
        r.flag("is_test"),
        r.instant("created_at"));
  }

  /**
   * Locks and returns the leases of the polls {@code unanswered} to {@code poll - 1} that have not
   * started.
   */
  List<LeaseRef> unanswered(Tx tx, UUID sessionId, int unanswered, int poll) {
    return tx.sql(
            """
            select run_id, fence
              from leases
             where environment_id = :environment
               and session_id = :session_id
               and poll_no >= :unanswered
               and poll_no < :poll
               and started_at is null
             order by run_id
               for update
            """)
        .bind("session_id", sessionId)
        .bind("unanswered", unanswered)
        .bind("poll", poll)
        .list(r -> new LeaseRef(r.uuid("run_id"), r.integer("fence")));
  }

  /**
   * Of these runs, returns those that a poll of the session holds and has not started. A run that a
   * later poll has taken over is not among them.
   */
  List<LeaseRef> undelivered(Tx tx, UUID sessionId, int poll, List<UUID> runIds) {
    return tx.sql(
            """
            select run_id, fence
              from leases
             where environment_id = :environment
               and run_id = any (:run_ids)
               and session_id = :session_id
               and poll_no = :poll
               and started_at is null
             order by run_id
               for update
            """)
        .uuids("run_ids", runIds)
        .bind("session_id", sessionId)
        .bind("poll", poll)
        .list(r -> new LeaseRef(r.uuid("run_id"), r.integer("fence")));
  }
}
