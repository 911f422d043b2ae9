package dev.fanfare.server.lease;

import dev.fanfare.server.db.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * SQL of {@code sessions}. All times are read from the database's clock. A session lapses when a
 * sweep decides it under the lock of its row, not when its time has passed: see {@link LapseSweep}.
 */
public final class SessionStore {

  /**
   * Stores a new session.
   *
   * @param name a human-readable name of the worker
   * @param version the name of the version of the worker's code
   * @param lease how long the session lives without a contact
   */
  public void insert(Tx tx, Session session, String name, String version, Duration lease) {
    tx.sql(
            """
            insert into sessions
                   (environment_id, session_id, name, version, version_id, slots, task_ids,
                    opened_at, expires_at)
            values (:environment, :session_id, :name, :version, :version_id, :slots,
                    :task_ids, now(), now() + :lease_ms * interval '1 millisecond')
            """)
        .bind("session_id", session.id())
        .bind("name", name)
        .bind("version", version)
        .bind("version_id", session.versionId())
        .bind("slots", session.slots())
        .ints("task_ids", session.taskIds())
        .bind("lease_ms", lease.toMillis())
        .update();
  }

  /**
   * Extends a session by a lease, however late; returns {@code null} if it lapsed or does not
   * exist. Waits for a sweep that lets it lapse.
   */
  public @Nullable Session renew(Tx tx, UUID sessionId, Duration lease) {
    return tx.sql(
            """
            update sessions
               set expires_at = now() + :lease_ms * interval '1 millisecond'
             where environment_id = :environment
               and session_id = :session_id
               and lapsed_at is null
            returning task_ids, version_id, slots
            """)
        .bind("lease_ms", lease.toMillis())
        .bind("session_id", sessionId)
        .first(r ->
            new Session(
                sessionId,
                tx.environmentId(),
                Set.copyOf(r.integers("task_ids")),
                r.integer("version_id"),
                r.integer("slots")));
  }

  /**
   * Takes the lock under which runs of undeclared tasks are parked, until the end of the
   * transaction; or does not, if the environment has no session or another server has the lock.
   */
  boolean tryLockParking(Tx tx) {
    return Boolean.TRUE.equals(
        tx.sql(
                """
                select exists (select
                                 from sessions
                                where environment_id = :environment)
                       and pg_try_advisory_xact_lock(hashtext('fanfare park'), :environment)
                       as locked
                """)
            .first(r -> r.flag("locked")));
  }

  /** Deletes a session; returns whether it existed. */
  public boolean delete(Tx tx, UUID sessionId) {
    return tx.sql(
                """
                delete from sessions
                 where environment_id = :environment
                   and session_id = :session_id
                """)
            .bind("session_id", sessionId)
            .update()
        == 1;
  }

  /**
   * Lets up to {@code max} sessions lapse that were not renewed in time, and returns them with
   * those that lapsed before and still exist. They stay locked, so that no other server takes them.
   * Skips sessions that are being renewed, closed or claimed for: a claim locks its session for key
   * share, with which only {@code for update} conflicts.
   */
  List<UUID> lapse(Tx tx, Instant now, int max) {
    return tx.sql(
            """
            update sessions
               set lapsed_at = coalesce(lapsed_at, :now)
             where environment_id = :environment
               and session_id = any (array(
                     select session_id
                       from sessions
                      where environment_id = :environment
                        and (expires_at <= :now or lapsed_at is not null)
                      limit :max
                        for update skip locked))
            returning session_id
            """)
        .bind("now", now)
        .bind("max", max)
        .list(r -> r.uuid("session_id"));
  }

  /** Deletes those of these lapsed sessions that hold no lease; returns how many. */
  int deleteIdle(Tx tx, List<UUID> sessionIds) {
    return tx.sql(
            """
            delete from sessions s
             where s.environment_id = :environment
               and s.session_id = any (:session_ids)
               and s.session_id <> all (array(
                     select l.session_id
                       from leases l
                      where l.environment_id = :environment
                        and l.session_id = any (:session_ids)))
            """)
        .uuids("session_ids", sessionIds)
        .update();
  }
}
