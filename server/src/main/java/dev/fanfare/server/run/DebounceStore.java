package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * SQL of debounced runs. A run has its key in {@code delays}, and so for exactly as long as it is
 * delayed; whoever takes it out, for whatever reason, frees the key.
 */
final class DebounceStore {

  /** A new run that takes a key. */
  record Claim(Hash hash, RunColumns.Minted run) {}

  /**
   * Lets runs wait that take keys which are free, in one statement however many, and returns whose
   * keys those are. The keys that are not free belong to runs that wait, and these are locked until
   * the transaction ends: nobody queues, moves or cancels them meanwhile.
   *
   * <p>Waits for a trigger with the same key that has not committed yet, and for whoever is taking
   * the run out that has it. So of many triggers at once one makes the run and the others find it.
   */
  Set<Hash> claim(Tx tx, int environmentId, Collection<Claim> claims) {
    return new HashSet<>(
        tx.list(
            """
            insert into delays
                   (environment_id, run_id, due_at, lane_id, rank, fence, attempt, losses,
                    debounce_hash)
            select ?, e.run_id, e.due_at::timestamptz, e.lane_id, e.rank, 0, 0, 0, e.debounce_hash
              from unnest(?::bytea[], ?::uuid[], ?::text[], ?::int[], ?::int8[])
                   as e (debounce_hash, run_id, due_at, lane_id, rank)
             order by e.debounce_hash          -- one order for all, so that no two wait in a ring
                on conflict (environment_id, debounce_hash) where debounce_hash is not null do update
               set due_at = delays.due_at
             where false                       -- what conflicts is locked and stays as it is
            returning debounce_hash
            """,
            r -> new Hash(r.bytes("debounce_hash")),
            environmentId,
            claims.stream().map(c -> c.hash().bytes()).toArray(byte[][]::new),
            claims.stream().map(c -> c.run().runId()).toArray(UUID[]::new),
            claims.stream().map(c -> String.valueOf(dueAt(c.run()))).toArray(String[]::new),
            claims.stream().mapToInt(c -> c.run().placed().laneId()).toArray(),
            claims.stream().mapToLong(c -> c.run().rank()).toArray()));
  }

  private static @Nullable Instant dueAt(RunColumns.Minted run) {
    return run.placed().run().delayUntil();
  }

  /**
   * A run that waits and has a key.
   *
   * @param options absent: none
   */
  record Waiting(
      Hash hash, UUID runId, Instant createdAt, Instant dueAt, @Nullable String options) {}

  /** The runs that have these keys, which were locked in {@code delays} and now are in all. */
  List<Waiting> waiting(Tx tx, int environmentId, Collection<Hash> hashes) {
    return tx.list(
        """
        select d.debounce_hash, d.run_id, r.created_at, d.due_at, r.options
          from (select x.debounce_hash, x.run_id, x.due_at
                  from unnest(?::bytea[]) as s (debounce_hash)
                 cross join lateral (
                         select *
                           from delays
                          where environment_id = ?
                            and debounce_hash = s.debounce_hash
                          limit 1) as x
                 order by x.run_id) as d       -- in which a change of metadata locks runs, too
         cross join lateral (
                 select x.created_at, x.options
                   from runs x
                  where x.environment_id = ?
                    and x.run_id = d.run_id
                  limit 1
                    for no key update) as r
        """,
        r ->
            new Waiting(
                new Hash(r.bytes("debounce_hash")),
                r.uuid("run_id"),
                Objects.requireNonNull(r.instant("created_at")),
                Objects.requireNonNull(r.instant("due_at")),
                r.textOrNull("options")),
        hashes.stream().map(Hash::bytes).toArray(byte[][]::new),
        environmentId,
        environmentId);
  }

  /**
   * What triggers change of a run that waits.
   *
   * @param dueAt when it is due from now on
   * @param keepsKey whether it goes on gathering triggers
   * @param data whose data it takes; absent: it keeps its own
   */
  record Change(Waiting run, Instant dueAt, boolean keepsKey, @Nullable NewRun data) {
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

    private <T extends @Nullable Object> @Nullable T of(Function<NewRun, T> field) {
      return data == null ? null : field.apply(data);
    }
  }

  /**
   * Changes locked runs: in one statement, unless their payloads are very long. Rows are found by
   * their addresses, each looked up by its key; nobody moves them, since they are locked.
   */
  void change(Tx tx, int environmentId, List<Change> changes) {
    replaceTags(tx, environmentId, changes.stream().filter(c -> !c.tags().isEmpty()).toList());
    RunStore.parts(changes, c -> c.data() == null ? 0 : c.data().chars())
        .forEach(part -> changePart(tx, environmentId, part));
  }

  private static void changePart(Tx tx, int environmentId, List<Change> changes) {
    UUID[] runIds = changes.stream().map(Change::runId).toArray(UUID[]::new);
    String[] dueAts = changes.stream().map(c -> c.dueAt().toString()).toArray(String[]::new);
    long[] micros = changes.stream().mapToLong(Change::micros).toArray();
    tx.update(
        """
        with changed as (
          update delays d
             set due_at = c.due_at::timestamptz,
                 rank = d.rank + c.micros,
                 debounce_hash = case when c.keeps_key then d.debounce_hash end
            from unnest(?::uuid[], ?::text[], ?::int8[], ?::bool[])
                 as c (run_id, due_at, micros, keeps_key)
           cross join lateral (
                   select x.ctid as address
                     from delays x
                    where x.environment_id = ?
                      and x.run_id = c.run_id
                    limit 1) as a
           where d.environment_id is not distinct from ?  -- no condition for an index, on purpose
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
          from unnest(?::uuid[], ?::text[], ?::int8[],
                      ?::text[], ?::text[], ?::text[], ?::text[], ?::int[], ?::int8[], ?::text[])
               as c (run_id, due_at, micros,
                     payload, payload_type, metadata, tags, max_attempts, max_duration_ms, options)
         cross join lateral (
                 select x.ctid as address
                   from runs x
                  where x.environment_id = ?
                    and x.run_id = c.run_id
                  limit 1) as a
         where r.environment_id is not distinct from ?    -- likewise
           and r.ctid = a.address
        """,
        runIds,
        dueAts,
        micros,
        flags(changes, Change::keepsKey),
        environmentId,
        environmentId,
        runIds,
        dueAts,
        micros,
        texts(changes, c -> c.of(NewRun::payload)),
        texts(changes, c -> c.of(NewRun::payloadType)),
        texts(changes, c -> c.of(NewRun::metadata)),
        texts(changes, c -> RunColumns.arrayLiteral(c.tags())),
        changes.stream().map(c -> c.of(NewRun::maxAttempts)).toArray(Integer[]::new),
        changes.stream()
            .map(c -> RunColumns.millis(c.of(NewRun::maxDuration)))
            .toArray(Long[]::new),
        texts(changes, Change::options),
        environmentId,
        environmentId);
  }

  /**
   * Makes runs findable by their new tags and by no other; before these are written to the runs.
   */
  private static void replaceTags(Tx tx, int environmentId, List<Change> changes) {
    if (changes.isEmpty()) {
      return;
    }
    List<UUID> runIds = new ArrayList<>();
    List<String> tags = new ArrayList<>();
    for (Change change : changes) {
      for (String tag : change.tags()) {
        runIds.add(change.runId());
        tags.add(tag);
      }
    }
    UUID[] tagged = runIds.toArray(UUID[]::new);
    String[] texts = tags.toArray(String[]::new);
    tx.update(
        """
        with gone as (
          delete from run_tags
           where environment_id is not distinct from ?   -- no condition for an index, on purpose
             and ctid = any (array(
                   select g.address
                     from unnest(?::uuid[]) as s (run_id)
                    cross join lateral (
                            select x.tags
                              from runs x
                             where x.environment_id = ?
                               and x.run_id = s.run_id
                             limit 1) as r
                    cross join unnest(r.tags) as t (tag)
                    cross join lateral (
                            select x.ctid as address
                              from run_tags x
                             where x.environment_id = ?
                               and x.tag = t.tag
                               and x.run_id = s.run_id
                             limit 1) as g
                    where (s.run_id, t.tag) not in (select * from unnest(?::uuid[], ?::text[]))))
        )
        insert into run_tags (environment_id, run_id, tag)
        select ?, t.run_id, t.tag
          from unnest(?::uuid[], ?::text[]) as t (run_id, tag)
            on conflict do nothing
        """,
        environmentId,
        changes.stream().map(Change::runId).toArray(UUID[]::new),
        environmentId,
        environmentId,
        tagged,
        texts,
        environmentId,
        tagged,
        texts);
  }

  private static @Nullable String[] texts(
      List<Change> changes, Function<Change, @Nullable String> field) {
    return changes.stream().map(field).toArray(String[]::new);
  }

  private static boolean[] flags(List<Change> changes, Predicate<Change> field) {
    boolean[] flags = new boolean[changes.size()];
    for (int i = 0; i < flags.length; i++) {
      flags[i] = field.test(changes.get(i));
    }
    return flags;
  }
}
