package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** SQL that changes a stored run: what a person adds to it or moves, never what it did. */
final class ChangeStore {

  /** Locks a run and returns its tags, or {@code null} when the environment has none such. */
  @Nullable List<String> lockTags(Tx tx, int environmentId, UUID runId) {
    return tx.first(
        """
        select tags
          from runs
         where environment_id = ?
           and run_id = ?
           for no key update
        """,
        r -> r.texts("tags"),
        environmentId,
        runId);
  }

  /** Gives a run these tags, the new ones among which can then be searched for. */
  void setTags(
      Tx tx, int environmentId, UUID runId, Collection<String> tags, Collection<String> added) {
    tx.update(
        """
        update runs
           set tags = ?
         where environment_id = ?
           and run_id = ?
        """,
        tags.toArray(String[]::new),
        environmentId,
        runId);
    tx.update(
        """
        insert into run_tags (environment_id, tag, run_id)
        select ?, t.tag, ?
          from unnest(?::text[]) as t (tag)
            on conflict do nothing
        """,
        environmentId,
        runId,
        added.toArray(String[]::new));
  }

  /**
   * A run's metadata.
   *
   * @param text JSON text; absent: none
   * @param finishedAt absent: the run is not final
   */
  record Metadata(@Nullable String text, @Nullable Instant finishedAt) {}

  /**
   * Locks runs and returns their metadata; one that does not exist is left out. In the order of
   * their ids: children of one parent change it at once.
   */
  Map<UUID, Metadata> lockMetadata(Tx tx, int environmentId, Set<UUID> runIds) {
    Map<UUID, Metadata> metadata = new HashMap<>();
    tx.list(
        """
        select r.run_id, r.metadata,
               (select o.finished_at
                  from outcomes o
                 where o.environment_id = r.environment_id
                   and o.run_id = r.run_id) as finished_at
          from runs r
         where r.environment_id = ?
           and r.run_id = any (?)
         order by r.run_id
           for no key update of r
        """,
        r ->
            metadata.put(
                r.uuid("run_id"),
                new Metadata(r.textOrNull("metadata"), r.instantOrNull("finished_at"))),
        environmentId,
        runIds.toArray(UUID[]::new));
    return metadata;
  }

  void setMetadata(Tx tx, int environmentId, UUID runId, String text) {
    tx.update(
        """
        update runs
           set metadata = ?
         where environment_id = ?
           and run_id = ?
        """,
        text,
        environmentId,
        runId);
  }

  /** Locks a run that waits for its first attempt; when it is due, or {@code null}: it does not. */
  @Nullable Instant lockDelay(Tx tx, int environmentId, UUID runId) {
    return tx.first(
        """
        select due_at
          from delays
         where environment_id = ?
           and run_id = ?
           and fence = 0
           for update
        """,
        r -> Objects.requireNonNull(r.instant("due_at")),
        environmentId,
        runId);
  }

  /** Moves a locked delay, and with it the place in the lane that the run will have. */
  void moveDelay(Tx tx, int environmentId, UUID runId, Instant from, Instant to) {
    long micros = ChronoUnit.MICROS.between(from, to);
    tx.update(
        """
        update delays
           set due_at = ?, rank = rank + ?
         where environment_id = ?
           and run_id = ?
        """,
        to,
        micros,
        environmentId,
        runId);
    tx.update(
        """
        update runs
           set delay_until = ?, rank = rank + ?
         where environment_id = ?
           and run_id = ?
        """,
        to,
        micros,
        environmentId,
        runId);
  }

  /** Frees a key of a task; the run that had it, or {@code null} when none had. */
  @Nullable UUID freeKey(Tx tx, int environmentId, String task, Hash hash) {
    UUID runId =
        tx.first(
            """
            delete from idempotency_keys
             where environment_id = ?
               and task_id = (select t.task_id
                                from tasks t
                               where t.environment_id = ?
                                 and t.slug = ?)
               and key_hash = ?
            returning run_id
            """,
            r -> r.uuid("run_id"),
            environmentId,
            environmentId,
            task,
            hash.bytes());
    if (runId != null) {
      tx.update(
          """
          update runs
             set idempotency_key = null
           where environment_id = ?
             and run_id = ?
             and sha256(convert_to(idempotency_key, 'UTF8')) = ?
          """,
          environmentId,
          runId,
          hash.bytes());
    }
    return runId;
  }
}
