package dev.fanfare.server.run;

import dev.fanfare.server.queue.Lane;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A new run with the values of its row that differ between the runs of one call.
 *
 * @param run the request
 * @param lane the key of its lane, with its task
 * @param batchIndex its position in the batch
 * @param rank its position in its lane
 * @param ttl how long it may be queued; absent: without limit
 * @param lineage absent: the run has no parent
 */
public record RunRow(
    UUID runId,
    NewRun run,
    Lane lane,
    long laneId,
    int batchIndex,
    long rank,
    @Nullable Duration ttl,
    @Nullable Lineage lineage) {

  /**
   * The rank of a run that is triggered at {@code now}: the time at which it is queued minus its
   * priority, in microseconds, plus its index, so that the runs of a batch keep their order.
   */
  public static long rank(NewRun run, int batchIndex, Instant now) {
    Instant due = run.delayUntil();
    Instant queuedAt = due != null && due.isAfter(now) ? due : now;
    return ChronoUnit.MICROS.between(Instant.EPOCH, queuedAt)
        - run.priorityMillis() * 1_000
        + batchIndex;
  }

  /** The task of the run. */
  public int taskId() {
    return lane.taskId();
  }

  /** This row for a changed run: one with another delay or other data. */
  public RunRow with(NewRun changed, Instant now) {
    return new RunRow(
        runId, changed, lane, laneId, batchIndex, rank(changed, batchIndex, now), ttl, lineage);
  }
}
