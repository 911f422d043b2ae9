package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.text.Hash;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** SQL that changes a stored run: what a person adds to it or moves, never what it did. */
public final class RunChangeStore {

  /** Locks a run and returns its tags, or {@code null} when the environment has none such. */
  public @Nullable List<String> lockTags(Tx tx, UUID runId) {
    return tx.sql(
            """
            select tags
              from runs
             where environment_id = :environment
               and run_id = :run_id
               for no key update
            """)
        .bind("run_id", runId)
        .first(r -> r.texts("tags"));
  }

  /** Gives a run these tags, the new ones among which can then be searched for. */
  public void setTags(Tx tx, UUID runId, Collection<String> tags, Collection<String> added) {
    tx.sql(
            """
            update runs
               set tags = :tags
             where environment_id = :environment
               and run_id = :run_id
            """)
        .texts("tags", tags)
        .bind("run_id", runId)
        .update();
    tx.sql(
            """
            insert into run_tags (environment_id, tag, run_id)
            select :environment, t.tag, :run_id
              from unnest(:added::text[]) as t (tag)
                on conflict do nothing
            """)
        .bind("run_id", runId)
        .texts("added", added)
        .update();
  }

  /**
   * A run's metadata.
   *
   * @param text JSON text; absent: none
   * @param finishedAt absent: the run is not final
   */
  public record Metadata(@Nullable String text, @Nullable Instant finishedAt) {}

  /**
   * Locks runs and returns their metadata; one that does not exist is left out. In the order of
   * their ids: children of one parent change it at once.
   */
  public Map<UUID, Metadata> lockMetadata(Tx tx, Set<UUID> runIds) {
    Map<UUID, Metadata> metadata = new HashMap<>();
    tx.sql(
            """
            select r.run_id, r.metadata,
                   (select o.finished_at
                      from outcomes o
                     where o.environment_id = r.environment_id
                       and o.run_id = r.run_id) as finished_at
              from runs r
             where r.environment_id = :environment
               and r.run_id = any (:run_ids)
             order by r.run_id
               for no key update of r
            """)
        .uuids("run_ids", runIds)
        .list(r ->
            metadata.put(
                r.uuid("run_id"),
                new Metadata(r.textOrNull("metadata"), r.instantOrNull("finished_at"))));
    return metadata;
  }

  public void setMetadata(Tx tx, UUID runId, String text) {
    tx.sql(
            """
            update runs
               set metadata = :text
             where environment_id = :environment
               and run_id = :run_id
            """)
        .bind("text", text)
        .bind("run_id", runId)
        .update();
  }

  /** Moves the time that a run waits for, and with it the place in the lane that it will have. */
  public void moveDelay(Tx tx, UUID runId, Instant from, Instant to) {
    tx.sql(
            """
            update runs
               set delay_until = :to, rank = rank + :micros
             where environment_id = :environment
               and run_id = :run_id
            """)
        .bind("to", to)
        .bind("micros", ChronoUnit.MICROS.between(from, to))
        .bind("run_id", runId)
        .update();
  }

  /** Lets a run forget its idempotency key, if it is this one. */
  public void forgetKey(Tx tx, UUID runId, Hash hash) {
    tx.sql(
            """
            update runs
               set idempotency_key = null
             where environment_id = :environment
               and run_id = :run_id
               and sha256(convert_to(idempotency_key, 'UTF8')) = :hash
            """)
        .bind("run_id", runId)
        .bind("hash", hash.bytes())
        .update();
  }
}
