package dev.fanfare.server.queue;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The entry of a waiting run, which moves between the tables of this package and the leases.
 *
 * @param rank its position in the lane; the smallest is claimed first
 * @param fence the number of its last claim; 0: it was never claimed
 * @param attempt the last attempt that started; 0 before the first
 * @param losses how often the run was lost with its worker
 * @param firstStartedAt when the first attempt started; absent: none has started
 */
public record Entry(
    UUID runId,
    long laneId,
    long rank,
    int fence,
    int attempt,
    int losses,
    @Nullable Instant firstStartedAt) {

  /** The entry of a run that was never claimed. */
  public static Entry fresh(UUID runId, long laneId, long rank) {
    return new Entry(runId, laneId, rank, 0, 0, 0, null);
  }
}
