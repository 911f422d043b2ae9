package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.RunStore.RunTag;
import dev.fanfare.server.text.Hash;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * SQL of delayed runs into which triggers are coalesced. The debounce key of such a run is a column
 * of its row in {@code delays}, so whatever deletes that row also frees the key.
 */
public final class DebouncedRunStore {

  /**
   * A delayed run with a debounce key.
   *
   * @param options absent: none
   */
  public record Waiting(
      Hash hash, UUID runId, Instant createdAt, Instant dueAt, @Nullable String options) {}

  /**
   * Locks and returns the runs that have these keys. The caller has locked their rows in {@code
   * delays}.
   */
  public List<Waiting> waiting(Tx tx, Collection<Hash> hashes) {
    List<Held> held =
        tx.sql(
                """
                select x.debounce_hash, x.run_id, x.due_at
                  from unnest(:hashes::bytea[]) as s (debounce_hash)
                 cross join lateral (
                         select debounce_hash, run_id, due_at
                           from delays
                          where environment_id = :environment
                            and debounce_hash = s.debounce_hash
                          limit 1) as x
                """)
            .bytes("hashes", hashes, Hash::bytes)
            .list(r ->
                new Held(
                    new Hash(r.bytes("debounce_hash")), r.uuid("run_id"), r.instant("due_at")));
    Map<UUID, Held> heldByRun = new HashMap<>();
    held.forEach(h -> heldByRun.put(h.runId(), h));
    return tx.sql(
            """
            select r.run_id, r.created_at, r.options
              from (select h.run_id
                      from unnest(:run_ids::uuid[]) as h (run_id)
                     order by h.run_id) as h       -- one order for all prevents deadlocks
             cross join lateral (
                     select x.run_id, x.created_at, x.options
                       from runs x
                      where x.environment_id = :environment
                        and x.run_id = h.run_id
                        and within(x.run_id, :run_ids)
                      limit 1
                        for no key update) as r
            """)
        .uuids("run_ids", heldByRun.keySet())
        .list(r -> {
          Held h = Objects.requireNonNull(heldByRun.get(r.uuid("run_id")));
          return new Waiting(
              h.hash(), h.runId(), r.instant("created_at"), h.dueAt(), r.textOrNull("options"));
        });
  }

  /** A delay with its debounce key. */
  private record Held(Hash hash, UUID runId, Instant dueAt) {}

  /**
   * What coalesced triggers change of a delayed run.
   *
   * @param dueAt when it is due now
   * @param keepsKey whether later triggers are still coalesced into it
   * @param data the trigger that replaces the run's data; absent: the data stays
   */
  public record Change(Waiting run, Instant dueAt, boolean keepsKey, @Nullable NewRun data) {
    private UUID runId() {
      return run.runId();
    }

    private long micros() {
      return ChronoUnit.MICROS.between(run.dueAt(), dueAt);
    }

    private @Nullable String options() {
      return data == null ? null : data.dataOptionsOver(run.options());
    }

    private @Nullable String metadata() {
      return ofData(NewRun::metadata);
    }

    private List<String> tags() {
      return data == null ? List.of() : data.tags();
    }

    private <T extends @Nullable Object> @Nullable T ofData(Function<NewRun, T> field) {
      return data == null ? null : field.apply(data);
    }
  }

  /**
   * Changes locked runs and their delays, in one statement unless the payloads are very long, and
   * two more for metadata and for tags.
   */
  public void change(Tx tx, List<Change> changes) {
    replaceTags(tx, changes.stream().filter(change -> !change.tags().isEmpty()).toList());
    replaceMetadata(tx, changes.stream().filter(change -> change.metadata() != null).toList());
    for (List<Change> part :
        RunStore.parts(changes, c -> c.data() == null ? 0 : c.data().chars())) {
      changePart(tx, part);
    }
  }

  private static void changePart(Tx tx, List<Change> changes) {
    changes.forEach(change -> tx.delays(change.dueAt()));
    tx.sql(
            """
            with changed as (
              update delays d
                 set due_at = c.due_at::timestamptz,
                     rank = d.rank + c.micros,
                     debounce_hash = case when c.keeps_key then d.debounce_hash end
                from unnest(:run_ids::uuid[], :due_times::text[], :micros::int8[],
                            :keeps_key_flags::bool[])
                     as c (run_id, due_at, micros, keeps_key)
               cross join lateral (
                       select x.ctid as address
                         from delays x
                        where x.environment_id = :environment
                          and x.run_id = c.run_id
                        limit 1) as a
               where d.environment_id is not distinct from :environment -- not for an index
                 and d.ctid = a.address
            )
            update runs r
               set delay_until = c.due_at::timestamptz,
                   rank = r.rank + c.micros,
                   payload = coalesce(c.payload, r.payload),
                   payload_type = case when c.payload is null then r.payload_type
                                       else c.payload_type end,
                   tags = coalesce(c.tags::text[], r.tags),
                   max_attempts = coalesce(c.max_attempts, r.max_attempts),
                   max_duration_ms = coalesce(c.max_duration_ms, r.max_duration_ms),
                   options = coalesce(c.options, r.options)
              from unnest(:run_ids::uuid[], :due_times::text[], :micros::int8[],
                          :payloads::text[], :payload_types::text[], :tags::text[],
                          :max_attempts::int[], :max_durations_ms::int8[], :options::text[])
                   as c (run_id, due_at, micros, payload, payload_type, tags,
                         max_attempts, max_duration_ms, options)
             where r.environment_id = :environment
               and r.run_id = c.run_id
               and r.run_id = any (:run_ids)
               and within(r.run_id, :run_ids)
            """)
        .uuids("run_ids", changes, Change::runId)
        .times("due_times", changes, Change::dueAt)
        .longs("micros", changes, Change::micros)
        .flags("keeps_key_flags", changes, Change::keepsKey)
        .texts("payloads", changes, change -> change.ofData(NewRun::payload))
        .texts("payload_types", changes, change -> change.ofData(NewRun::payloadType))
        .texts("tags", changes, change -> RunStore.arrayLiteral(change.tags()))
        .intsOrNull("max_attempts", changes, change -> change.ofData(NewRun::maxAttempts))
        .longsOrNull(
            "max_durations_ms", changes, c -> RunStore.millis(c.ofData(NewRun::maxDuration)))
        .texts("options", changes, Change::options)
        .update();
  }

  /** Replaces the rows of {@code run_metadata}. */
  private static void replaceMetadata(Tx tx, List<Change> changes) {
    if (changes.isEmpty()) {
      return;
    }
    tx.sql(
            """
            insert into run_metadata (environment_id, run_id, metadata)
            select :environment, c.run_id, c.metadata
              from unnest(:run_ids::uuid[], :metadata::text[]) as c (run_id, metadata)
                on conflict (environment_id, run_id) do update
               set metadata = excluded.metadata
            """)
        .uuids("run_ids", changes, Change::runId)
        .texts("metadata", changes, Change::metadata)
        .update();
  }

  /**
   * Replaces the rows of {@code run_tags}. Call it before {@code runs.tags} changes, because it
   * reads the old tags there.
   */
  private static void replaceTags(Tx tx, List<Change> changes) {
    if (changes.isEmpty()) {
      return;
    }
    List<RunTag> tags = new ArrayList<>();
    for (Change change : changes) {
      change.tags().forEach(tag -> tags.add(new RunTag(change.runId(), tag)));
    }
    tx.sql(
            """
            with gone as (
              delete from run_tags g
               using (select s.run_id, t.tag
                        from unnest(:run_ids::uuid[]) as s (run_id)
                       cross join lateral (
                               select x.tags
                                 from runs x
                                where x.environment_id = :environment
                                  and x.run_id = s.run_id
                                  and within(x.run_id, :run_ids)
                                limit 1) as r
                       cross join unnest(r.tags) as t (tag)
                       where (s.run_id, t.tag) not in (
                             select * from unnest(:tagged_run_ids::uuid[], :tags::text[]))) as old
               where g.environment_id = :environment
                 and g.tag = old.tag
                 and g.run_id = old.run_id
                 and g.run_id = any (:run_ids)
                 and within(g.run_id, :run_ids)
            )
            insert into run_tags (environment_id, run_id, tag)
            select :environment, t.run_id, t.tag
              from unnest(:tagged_run_ids::uuid[], :tags::text[]) as t (run_id, tag)
                on conflict do nothing
            """)
        .uuids("run_ids", changes, Change::runId)
        .uuids("tagged_run_ids", tags, RunTag::runId)
        .texts("tags", tags, RunTag::tag)
        .update();
  }
}
