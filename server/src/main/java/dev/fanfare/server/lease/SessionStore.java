package dev.fanfare.server.lease;

import dev.fanfare.server.db.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** SQL of {@code sessions}. All times are read from the database's clock. */
public final class SessionStore {

  /**
   * Stores a new session.
   *
   * @param name a human-readable name of the worker
   * @param version the name of the version of the worker's code
   * @param slots how many runs the worker executes concurrently
   * @param lease how long the session lives without a contact
   */
  public void insert(
      Tx tx, Session session, String name, String version, int slots, Duration lease) {
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
        .bind("slots", slots)
        .ints("task_ids", session.taskIds())
        .bind("lease_ms", lease.toMillis())
        .update();
  }

  /** Extends a session by a lease; returns {@code null} if it lapsed or does not exist. */
  public @Nullable Session renew(Tx tx, UUID sessionId, Duration lease) {
    return tx.sql(
            """
            update sessions
               set expires_at = now() + :lease_ms * interval '1 millisecond'
             where environment_id = :environment
               and session_id = :session_id
               and expires_at > now()
            returning task_ids, version_id
            """)
        .bind("lease_ms", lease.toMillis())
        .bind("session_id", sessionId)
        .first(r ->
            new Session(
                sessionId,
                tx.environmentId(),
                Set.copyOf(r.integers("task_ids")),
                r.integer("version_id")));
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

  /** Deletes up to {@code max} sessions that lapsed before {@code before}; returns how many. */
  int prune(Tx tx, Instant before, int max) {
    List<UUID> lapsed =
        tx.sql(
                """
                delete from sessions
                 where environment_id = :environment
                   and session_id = any (array(
                         select session_id
                           from sessions
                          where environment_id = :environment
                            and expires_at <= :before
                          limit :max
                            for update skip locked))
                returning session_id
                """)
            .bind("before", before)
            .bind("max", max)
            .list(r -> r.uuid("session_id"));
    return lapsed.size();
  }
}
