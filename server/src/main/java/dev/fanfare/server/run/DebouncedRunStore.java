package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.RunStore.RunTag;
import dev.fanfare.server.text.Hash;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
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
    return tx.sql(
            """
            select d.debounce_hash, d.run_id, r.created_at, d.due_at, r.options
              from (select x.debounce_hash, x.run_id, x.due_at
                      from unnest(:hashes::bytea[]) as s (debounce_hash)
                     cross join lateral (
                             select *
                               from delays
                              where environment_id = :environment
                                and debounce_hash = s.debounce_hash
                              limit 1) as x
                     order by x.run_id) as d       -- one order for all prevents deadlocks
             cross join lateral (
                     select x.created_at, x.options
                       from runs x
                      where x.environment_id = :environment
                        and x.run_id = d.run_id
                      limit 1
                        for no key update) as r
            """)
        .bytes("hashes", hashes, Hash::bytes)
        .list(r ->
            new Waiting(
                new Hash(r.bytes("debounce_hash")),
                r.uuid("run_id"),
                r.instant("created_at"),
                r.instant("due_at"),
                r.textOrNull("options")));
  }

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

    private List<String> tags() {
      return data == null ? List.of() : data.tags();
    }

    private <T extends @Nullable Object> @Nullable T ofData(Function<NewRun, T> field) {
      return data == null ? null : field.apply(data);
    }
  }

  /**
   * Changes locked runs and their delays, in one statement unless the payloads are very long. The
   * rows are updated by {@code ctid}, which cannot change because they are locked.
   */
  public void change(Tx tx, List<Change> changes) {
    replaceTags(tx, changes.stream().filter(change -> !change.tags().isEmpty()).toList());
    for (List<Change> part :
        RunStore.parts(changes, c -> c.data() == null ? 0 : c.data().chars())) {
      changePart(tx, part);
    }
  }

  private static void changePart(Tx tx, List<Change> changes) {
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
                   metadata = coalesce(c.metadata, r.metadata),
                   tags = coalesce(c.tags::text[], r.tags),
                   max_attempts = coalesce(c.max_attempts, r.max_attempts),
                   max_duration_ms = coalesce(c.max_duration_ms, r.max_duration_ms),
                   options = coalesce(c.options, r.options)
              from unnest(:run_ids::uuid[], :due_times::text[], :micros::int8[],
                          :payloads::text[], :payload_types::text[], :metadata::text[],
                          :tags::text[],
                          :max_attempts::int[], :max_durations_ms::int8[], :options::text[])
                   as c (run_id, due_at, micros, payload, payload_type, metadata, tags,
                         max_attempts, max_duration_ms, options)
             cross join lateral (
                     select x.ctid as address
                       from runs x
                      where x.environment_id = :environment
                        and x.run_id = c.run_id
                      limit 1) as a
             where r.environment_id is not distinct from :environment -- not for an index
               and r.ctid = a.address
            """)
        .uuids("run_ids", changes, Change::runId)
        .times("due_times", changes, Change::dueAt)
        .longs("micros", changes, Change::micros)
        .flags("keeps_key_flags", changes, Change::keepsKey)
        .texts("payloads", changes, change -> change.ofData(NewRun::payload))
        .texts("payload_types", changes, change -> change.ofData(NewRun::payloadType))
        .texts("metadata", changes, change -> change.ofData(NewRun::metadata))
        .texts("tags", changes, change -> RunStore.arrayLiteral(change.tags()))
        .intsOrNull("max_attempts", changes, change -> change.ofData(NewRun::maxAttempts))
        .longsOrNull(
            "max_durations_ms", changes, c -> RunStore.millis(c.ofData(NewRun::maxDuration)))
        .texts("options", changes, Change::options)
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
              delete from run_tags
               where environment_id is not distinct from :environment -- not for an index
                 and ctid = any (array(
                       select g.address
                         from unnest(:run_ids::uuid[]) as s (run_id)
                        cross join lateral (
                                select x.tags
                                  from runs x
                                 where x.environment_id = :environment
                                   and x.run_id = s.run_id
                                 limit 1) as r
                        cross join unnest(r.tags) as t (tag)
                        cross join lateral (
                                select x.ctid as address
                                  from run_tags x
                                 where x.environment_id = :environment
                                   and x.tag = t.tag
                                   and x.run_id = s.run_id
                                 limit 1) as g
                        where (s.run_id, t.tag) not in (
                              select * from unnest(:tagged_run_ids::uuid[], :tags::text[]))))
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
