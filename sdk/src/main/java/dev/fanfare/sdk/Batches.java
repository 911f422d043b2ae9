package dev.fanfare.sdk;

import dev.fanfare.sdk.internal.Api;
import dev.fanfare.sdk.internal.Polling;
import java.time.Duration;
import java.util.List;

/**
 * The calls that read batches, see {@link Fanfare#batches()}. Errors and retries are those of
 * {@link Fanfare}; calling again is always safe. Safe for use by many threads.
 */
public final class Batches {
  private final Api api;

  Batches(Api api) {
    this.api = api;
  }

  /**
   * Reads a batch. One round trip.
   *
   * @throws ApiException.NotFound when this environment has no such batch
   */
  public Batch retrieve(String batchId) {
    return api.batch(batchId);
  }

  /**
   * Waits until a batch is final, see {@link Batch#isFinal()}. It polls: after 20 ms at first,
   * later once a second, one round trip each.
   *
   * @param timeout of any length, not negative; zero reads once
   * @return the batch; not final when {@code timeout} elapsed first. Without {@link Batch#runIds}
   *     if it has more than 1,000 runs; {@link #retrieve} reads them
   * @throws ApiException.NotFound when this environment has no such batch
   */
  public Batch await(String batchId, Duration timeout) {
    return Polling.until(() -> api.briefBatch(batchId), Batch::isFinal, timeout);
  }

  /**
   * The outcomes of the final runs of a batch, in item order. Runs that are not final yet are
   * missing. One round trip, and two more for each output that is stored as a packet.
   *
   * @throws ApiException.NotFound when this environment has no such batch
   */
  public List<RunResult> results(String batchId) {
    return api.results(batchId);
  }
}
