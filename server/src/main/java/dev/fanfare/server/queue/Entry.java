package dev.fanfare.server.queue;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A run in its lane, with what it brings along from one stage to the next.
 *
 * @param runId the run
 * @param laneId its lane
 * @param rank its place in the lane: the smallest is claimed first
 * @param fence how often it was claimed so far
 * @param attempt the last attempt that started; 0 before the first
 * @param losses how often it was lost with its worker
 * @param firstStartedAt when its first attempt started
 */
public record Entry(
    UUID runId,
    int laneId,
    long rank,
    int fence,
    int attempt,
    int losses,
    @Nullable Instant firstStartedAt) {

  /** A run that has not been claimed yet. */
  public static Entry fresh(UUID runId, int laneId, long rank) {
    return new Entry(runId, laneId, rank, 0, 0, 0, null);
  }
}
