package dev.fanfare.bench.peer;

import dev.fanfare.bench.measure.Timings;

/**
 * A queue that is measured beside Fanfare, with the same workloads. Every measurement begins with
 * empty tables and without a worker, and ends without one.
 */
public interface Peer {
  /** How many jobs are in a batch. */
  int BATCH = 1_000;

  /** The peer's name, as users know it. */
  String name();

  /** How many jobs it gets where Fanfare gets {@code runs}: fewer if it needs long for each. */
  int jobs(int runs);

  /** Stores this many batches, with this many callers; the durations are those of the batches. */
  Timings ingest(int callers, int batches) throws Exception;

  /**
   * Stores jobs that do nothing, whole batches of them, and starts one worker process. Returns how
   * many it completes per second, from its start until all jobs are durably completed.
   *
   * @param inFlight how many jobs the worker may execute at the same time
   */
  double drain(int jobs, int inFlight) throws Exception;

  /** The time from each trigger to the start of its handler, on an idle system, every 20 ms. */
  Timings latency(int triggers) throws Exception;

  /** The time from the storing of a batch until all of its jobs are durably completed. */
  Timings fanOut(int times) throws Exception;
}
