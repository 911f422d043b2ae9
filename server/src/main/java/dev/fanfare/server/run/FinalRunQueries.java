package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import java.util.List;
import java.util.UUID;

/** SQL that reads final runs with their outputs, for the results of batches. */
public final class FinalRunQueries {
  /** Bounds the outputs read at once, so that a batch of long outputs cannot fill the memory. */
  public static final long BYTES_AT_ONCE = 4L * 1024 * 1024;

  private static final String FINAL =
      """
      with sized as (
        select i.run_id, i.n,
               sum(coalesce(octet_length(o.output), 0) + coalesce(octet_length(o.error), 0))
                 over (order by i.n) as bytes,
               row_number() over (order by i.n) as m
          from unnest(:run_ids::uuid[]) with ordinality as i (run_id, n)
         cross join lateral (
                 select x.output, x.error
                   from outcomes x
                  where x.environment_id = :environment
                    and x.run_id = i.run_id
                    and within(x.run_id, :run_ids)
                  limit 1) as o
         cross join lateral (                    -- outcomes are dropped after their runs
                 select x.run_id
                   from runs x
                  where x.environment_id = :environment
                    and x.run_id = i.run_id
                    and within(x.run_id, :run_ids)
                  limit 1) as r
      )
      select %s, null::text as metadata, null::text as options,
             null::text as payload, o.status, o.attempt, o.started_at, o.finished_at,
             o.finished_at as updated_at, o.duration_ms, o.output, o.output_type, o.error,
             null::timestamptz as due_at, i.n
        from sized i
       cross join lateral (
               select x.*
                 from runs x
                where x.environment_id = :environment
                  and x.run_id = i.run_id
                  and within(x.run_id, :run_ids)
                limit 1) as r
       cross join lateral (
               select x.*
                 from outcomes x
                where x.environment_id = :environment
                  and x.run_id = i.run_id
                  and within(x.run_id, :run_ids)
                limit 1) as o
       cross join lateral (
               select x.slug
                 from tasks x
                where x.environment_id = :environment
                  and x.task_id = r.task_id
                limit 1) as t
       cross join lateral (
               select x.name
                 from queues x
                where x.environment_id = :environment
                  and x.queue_id = r.queue_id
                limit 1) as q
        left join lateral (
               select x.version
                 from versions x
                where x.environment_id = :environment
                  and x.version_id = coalesce(r.version_id, o.version_id)
                limit 1) as v on true
       where i.bytes <= :bytes_max
          or i.m = 1
       order by i.n
      """
          .formatted(RunQueries.SHORT_COLUMNS);

  /** The most that {@link #finalRuns} reads of these runs at once, in bytes. */
  public long finalBytes(Tx tx, List<UUID> runIds) {
    Long bytes =
        tx.sql(
                """
                select coalesce(least(sum(f.bytes), greatest(:bytes_max, max(f.bytes))), 0) as bytes
                  from (select coalesce(octet_length(o.output), 0)
                                 + coalesce(octet_length(o.error), 0) as bytes
                          from unnest(:run_ids::uuid[]) as i (run_id)
                         cross join lateral (
                                 select x.output, x.error
                                   from outcomes x
                                  where x.environment_id = :environment
                                    and x.run_id = i.run_id
                                    and within(x.run_id, :run_ids)
                                  limit 1) as o) as f
                """)
            .uuids("run_ids", runIds)
            .bind("bytes_max", BYTES_AT_ONCE)
            .first(r -> r.bigint("bytes"));
    return bytes == null ? 0 : bytes;
  }

  /**
   * A final run.
   *
   * @param position its position in the requested ids, from 1
   */
  public record Final(Run run, int position) {}

  /**
   * The final runs among these ids, in the order of the ids and without payloads, metadata and
   * options: as many as fit into {@link #BYTES_AT_ONCE}, at least one.
   */
  public List<Final> finalRuns(Tx tx, List<UUID> runIds) {
    return tx.sql(FINAL)
        .uuids("run_ids", runIds)
        .bind("bytes_max", BYTES_AT_ONCE)
        .list(r -> new Final(RunQueries.run(r), r.integer("n")));
  }
}
