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

/** SQL that changes what callers may change of a stored run: tags, metadata, delay and key. */
public final class RunChangeStore {

  /** Locks a run and returns its tags, or {@code null} when the environment has no such run. */
  public @Nullable List<String> lockTags(Tx tx, UUID runId) {
    return tx.sql(
            """
            select tags
              from runs
             where environment_id = :environment
               and run_id = :run_id
               and within(run_id, :run_id)
               for no key update
            """)
        .bind("run_id", runId)
        .first(r -> r.texts("tags"));
  }

  /**
   * Sets a run's tags.
   *
   * @param added those of {@code tags} that the run did not have
   */
  public void setTags(Tx tx, UUID runId, Collection<String> tags, Collection<String> added) {
    tx.sql(
            """
            update runs
               set tags = :tags
             where environment_id = :environment
               and run_id = :run_id
               and within(run_id, :run_id)
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

  /** Locks runs and returns their metadata, without unknown ids. */
  public Map<UUID, Metadata> lockMetadata(Tx tx, Set<UUID> runIds) {
    Map<UUID, @Nullable Instant> finishedAt = new HashMap<>();
    tx.sql(
            """
            select r.run_id,
                   (select o.finished_at
                      from outcomes o
                     where o.environment_id = r.environment_id
                       and o.run_id = r.run_id
                       and within(o.run_id, :run_ids)) as finished_at
              from runs r
             where r.environment_id = :environment
               and r.run_id = any (:run_ids)
               and within(r.run_id, :run_ids)
             order by r.run_id                     -- one order for all prevents deadlocks
               for no key update of r
            """)
        .uuids("run_ids", runIds)
        .list(r -> finishedAt.put(r.uuid("run_id"), r.instantOrNull("finished_at")));
    // On its own: the locking statement would not see what was committed while it waited.
    Map<UUID, String> texts = new HashMap<>();
    tx.sql(
            """
            select run_id, metadata
              from run_metadata
             where environment_id = :environment
               and run_id = any (:run_ids)
               and within(run_id, :run_ids)
            """)
        .uuids("run_ids", finishedAt.keySet())
        .list(r -> texts.put(r.uuid("run_id"), r.text("metadata")));
    Map<UUID, Metadata> metadata = new HashMap<>();
    finishedAt.forEach((id, time) -> metadata.put(id, new Metadata(texts.get(id), time)));
    return metadata;
  }

  /** Sets a run's metadata to a JSON text. */
  public void setMetadata(Tx tx, UUID runId, String metadata) {
    tx.sql(
            """
            insert into run_metadata (environment_id, run_id, metadata)
            values (:environment, :run_id, :metadata)
                on conflict (environment_id, run_id) do update
               set metadata = excluded.metadata
            """)
        .bind("metadata", metadata)
        .bind("run_id", runId)
        .update();
  }

  /** Changes when a run's delay ends, and its rank by the same span. */
  public void moveDelay(Tx tx, UUID runId, Instant from, Instant to) {
    tx.sql(
            """
            update runs
               set delay_until = :delay_until, rank = rank + :micros
             where environment_id = :environment
               and run_id = :run_id
               and within(run_id, :run_id)
            """)
        .bind("delay_until", to)
        .bind("micros", ChronoUnit.MICROS.between(from, to))
        .bind("run_id", runId)
        .update();
  }

  /** Removes the idempotency key from a run if it is this key. */
  public void forgetKey(Tx tx, UUID runId, Hash hash) {
    tx.sql(
            """
            update runs
               set idempotency_key = null
             where environment_id = :environment
               and run_id = :run_id
               and within(run_id, :run_id)
               and sha256(convert_to(idempotency_key, 'UTF8')) = :key_hash
            """)
        .bind("run_id", runId)
        .bind("key_hash", hash.bytes())
        .update();
  }
}
