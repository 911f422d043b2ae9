package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** SQL that inserts into {@code outcomes}. */
final class OutcomeStore {

  /**
   * Inserts outcomes and returns the ids of the runs that became final. A run that is already final
   * keeps its first outcome and is not returned.
   */
  Set<UUID> insertAll(Tx tx, List<Outcome> outcomes) {
    return new HashSet<>(
        tx.sql(
                """
                insert into outcomes
                       (environment_id, run_id, status, attempt, output, output_type, error,
                        started_at, finished_at, duration_ms, version_id)
                select :environment, o.run_id, o.status::run_status, o.attempt, o.output,
                       o.output_type, o.error,
                       case when o.attempt > 0
                            then coalesce(o.started_at::timestamptz,
                                          now() - o.duration_ms * interval '1 millisecond') end,
                       now(), o.duration_ms, o.version_id
                  from unnest(:run_id::uuid[], :status::text[], :attempt::int[], :output::text[],
                              :output_type::text[], :error::text[], :started_at::text[],
                              :duration_ms::int8[], :version_id::int[])
                       as o (run_id, status, attempt, output, output_type, error, started_at,
                             duration_ms, version_id)
                    on conflict do nothing
                returning run_id
                """)
            .uuids("run_id", outcomes, Outcome::runId)
            .texts("status", outcomes, outcome -> outcome.status().name())
            .ints("attempt", outcomes, Outcome::attempt)
            .texts("output", outcomes, Outcome::output)
            .texts("output_type", outcomes, Outcome::outputType)
            .texts("error", outcomes, Outcome::storedError)
            .times("started_at", outcomes, Outcome::startedAt)
            .longs("duration_ms", outcomes, Outcome::durationMillis)
            .ints("version_id", outcomes, Outcome::versionId)
            .list(r -> r.uuid("run_id")));
  }
}
