package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** SQL that writes {@code outcomes}. */
final class OutcomeStore {

  /**
   * Writes how runs ended and returns those that ended now: for a run that had ended before, the
   * first outcome stays.
   */
  Set<UUID> insertAll(Tx tx, int environmentId, List<Ending> endings) {
    int n = endings.size();
    UUID[] runIds = new UUID[n];
    String[] statuses = new String[n];
    int[] attempts = new int[n];
    @Nullable String[] outputs = new String[n];
    @Nullable String[] outputTypes = new String[n];
    @Nullable String[] errors = new String[n];
    @Nullable String[] startedAts = new String[n];
    long[] durations = new long[n];
    int[] versionIds = new int[n];
    for (int i = 0; i < n; i++) {
      Ending ending = endings.get(i);
      runIds[i] = ending.runId();
      statuses[i] = ending.status().name();
      attempts[i] = ending.attempt();
      outputs[i] = ending.output();
      outputTypes[i] = ending.outputType();
      errors[i] = ending.error() == null ? null : StoredError.write(ending.error());
      startedAts[i] = ending.startedAt() == null ? null : ending.startedAt().toString();
      durations[i] = ending.durationMillis();
      versionIds[i] = ending.versionId();
    }
    return new HashSet<>(
        tx.list(
            """
            insert into outcomes
                   (environment_id, run_id, status, attempt, output, output_type, error,
                    started_at, finished_at, duration_ms, version_id)
            select ?, o.run_id, o.status::run_status, o.attempt, o.output, o.output_type, o.error,
                   case when o.attempt > 0
                        then coalesce(o.started_at::timestamptz,
                                      now() - o.duration_ms * interval '1 millisecond') end,
                   now(), o.duration_ms, o.version_id
              from unnest(?::uuid[], ?::text[], ?::int[], ?::text[], ?::text[], ?::text[],
                          ?::text[], ?::int8[], ?::int[])
                   as o (run_id, status, attempt, output, output_type, error,
                         started_at, duration_ms, version_id)
                on conflict do nothing
            returning run_id
            """,
            r -> r.uuid("run_id"),
            environmentId,
            runIds,
            statuses,
            attempts,
            outputs,
            outputTypes,
            errors,
            startedAts,
            durations,
            versionIds));
  }
}
