package dev.fanfare.server.run;

import dev.fanfare.protocol.RunError;
import dev.fanfare.server.db.Statement;
import dev.fanfare.server.db.Tx;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** SQL that inserts into {@code outcomes}. */
final class OutcomeStore {

  /**
   * Inserts outcomes, later, and returns those that it inserts. A run that is already final keeps
   * its first outcome.
   *
   * <p>By construction no run ends twice, so the statement does not look for earlier outcomes: that
   * would cost a fifth of its time. The primary key does, and then the transaction is repeated.
   */
  List<Outcome> insertAll(Tx tx, List<Outcome> outcomes) {
    List<Outcome> first = tx.isRepeated() ? withoutFinal(tx, outcomes) : outcomes;
    if (!first.isEmpty()) {
      RunStore.insertParts(RunStore.parts(first, OutcomeStore::chars), part -> insert(tx, part));
    }
    return first;
  }

  private static List<Outcome> withoutFinal(Tx tx, List<Outcome> outcomes) {
    Set<UUID> seen =
        new HashSet<>(
            tx.sql(
                    """
                    select run_id
                      from outcomes
                     where environment_id = :environment
                       and run_id = any (:run_ids)
                       and within(run_id, :run_ids)
                    """)
                .uuids("run_ids", outcomes, Outcome::runId)
                .list(r -> r.uuid("run_id")));
    return outcomes.stream().filter(outcome -> seen.add(outcome.runId())).toList();
  }

  private static long chars(Outcome outcome) {
    RunError error = outcome.error();
    return chars(outcome.output())
        + (error == null
            ? 0
            : chars(error.message()) + chars(error.stackTrace()) + chars(error.raw()));
  }

  private static long chars(@Nullable String text) {
    return text == null ? 0 : text.length();
  }

  private static Statement insert(Tx tx, List<Outcome> outcomes) {
    return tx.sql(
            """
            insert into outcomes
                   (environment_id, run_id, status, attempt, output, output_type, error,
                    started_at, finished_at, duration_ms, version_id)
            select :environment, o.run_id,
                   coalesce((select :status::run_status), o.status::run_status), -- converted once
                   coalesce(:attempt::int, o.attempt), o.output,
                   coalesce(:output_type::text, o.output_type), o.error,
                   case when coalesce(:attempt::int, o.attempt) > 0
                        then coalesce(o.started_at::timestamptz,
                                      now() - o.duration_ms * interval '1 millisecond') end,
                   now(), o.duration_ms, coalesce(:version_id::int, o.version_id)
              from unnest(:run_ids::uuid[], :statuses::text[], :attempts::int[],
                          :outputs::text[],
                          :output_types::text[], :errors::text[], :start_times::text[],
                          :durations_ms::int8[], :version_ids::int[])
                   as o (run_id, status, attempt, output, output_type, error, started_at,
                         duration_ms, version_id)
            """)
        .uuids("run_ids", outcomes, Outcome::runId)
        .oneOrTexts("status", "statuses", outcomes, outcome -> outcome.status().name())
        .oneOrInts("attempt", "attempts", outcomes, Outcome::attempt)
        .texts("outputs", outcomes, Outcome::output)
        .oneOrTexts("output_type", "output_types", outcomes, Outcome::outputType)
        .texts("errors", outcomes, Outcome::storedError)
        .times("start_times", outcomes, Outcome::startedAt)
        .longs("durations_ms", outcomes, Outcome::durationMillis)
        .oneOrInts("version_id", "version_ids", outcomes, Outcome::versionId);
  }
}
