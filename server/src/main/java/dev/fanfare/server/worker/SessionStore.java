package dev.fanfare.server.worker;

import dev.fanfare.server.db.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** SQL of {@code sessions}. All its times are the database's. */
final class SessionStore {

  /**
   * Opens a session.
   *
   * @param name of the worker, for people
   * @param version of the worker's code
   */
  void insert(Tx tx, Session session, String name, String version, int slots, Duration lease) {
    tx.update(
        """
        insert into sessions
               (environment_id, session_id, name, version, version_id, slots, task_ids, opened_at,
                expires_at)
        values (?, ?, ?, ?, ?, ?, ?, now(), now() + ? * interval '1 millisecond')
        """,
        session.environmentId(),
        session.id(),
        name,
        version,
        session.versionId(),
        slots,
        session.taskIds().stream().mapToInt(Integer::intValue).toArray(),
        lease.toMillis());
  }

  /** Lets a session live for another lease; {@code null} when it lapsed or never was. */
  @Nullable Session renew(Tx tx, int environmentId, UUID sessionId, Duration lease) {
    return tx.first(
        """
        update sessions
           set expires_at = now() + ? * interval '1 millisecond'
         where environment_id = ?
           and session_id = ?
           and expires_at > now()
        returning task_ids, version_id
        """,
        r ->
            new Session(
                sessionId,
                environmentId,
                Set.copyOf(r.integers("task_ids")),
                r.integer("version_id")),
        lease.toMillis(),
        environmentId,
        sessionId);
  }

  boolean delete(Tx tx, int environmentId, UUID sessionId) {
    return tx.update(
            """
            delete from sessions
             where environment_id = ?
               and session_id = ?
            """,
            environmentId,
            sessionId)
        == 1;
  }

  /** Forgets up to {@code max} sessions that lapsed before {@code before}. */
  int prune(Tx tx, int environmentId, Instant before, int max) {
    List<UUID> lapsed =
        tx.list(
            """
            delete from sessions
             where environment_id = ?
               and session_id = any (array(
                     select session_id
                       from sessions
                      where environment_id = ?
                        and expires_at <= ?
                      limit ?
                        for update skip locked))
            returning session_id
            """,
            r -> r.uuid("session_id"),
            environmentId,
            environmentId,
            before,
            max);
    return lapsed.size();
  }
}
