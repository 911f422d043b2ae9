package dev.fanfare.server.run;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A new run with everything that its row needs.
 *
 * @param run what was asked
 * @param batchIndex its position in the batch
 * @param rank its place in its lane
 * @param ttl how long it may be queued; absent: without limit
 * @param lineage absent: it has no parent
 */
public record RunRow(
    UUID runId,
    NewRun run,
    int taskId,
    int laneId,
    int batchIndex,
    long rank,
    @Nullable Duration ttl,
    @Nullable Lineage lineage) {

  /**
   * The rank of a run that is triggered at {@code now}: when it joins its lane, in microseconds,
   * less its priority. Runs of one batch follow each other by their index.
   */
  public static long rank(NewRun run, int batchIndex, Instant now) {
    Instant due = run.delayUntil();
    Instant queuedAt = due != null && due.isAfter(now) ? due : now;
    return ChronoUnit.MICROS.between(Instant.EPOCH, queuedAt)
        - run.priorityMillis() * 1_000
        + batchIndex;
  }

  /** The same row for a run whose delay or data changed while it was triggered. */
  public RunRow with(NewRun changed, Instant now) {
    return new RunRow(
        runId, changed, taskId, laneId, batchIndex, rank(changed, batchIndex, now), ttl, lineage);
  }
}
