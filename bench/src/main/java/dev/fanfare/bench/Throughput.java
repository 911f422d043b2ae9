package dev.fanfare.bench;

import dev.fanfare.bench.measure.Callers;
import dev.fanfare.bench.measure.Timings;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * How fast batches of 1,000 runs of a no-op task are stored by one caller, and how fast one worker
 * process with 100 slots then drains them. Other runs may be stored and queued already.
 *
 * @param ingest runs per second
 * @param batchP50Millis the median duration of the trigger of a batch
 * @param drain runs per second, until all are durably final
 */
record Throughput(double ingest, double batchP50Millis, double drain) {
  private static final int BATCH = 1_000;
  private static final int SLOTS = 100;

  /** Stores and drains this many batches. */
  static Throughput measure(Testbed testbed, int batches) throws Exception {
    List<Tasks.Item> items = Tasks.items(BATCH);
    Queue<String> ids = new ConcurrentLinkedQueue<>();
    Timings ingest =
        Callers.run(
            1,
            batches,
            caller -> ids.add(testbed.client().batchTrigger(Tasks.NOTHING, items).id()));
    long begun = System.nanoTime();
    testbed.worker().start(SLOTS);
    for (String id : ids) {
      Batches.await(testbed.observer(), id);
    }
    double drain = batches * (double) BATCH * 1e9 / (System.nanoTime() - begun);
    testbed.worker().stop();
    return new Throughput(ingest.perSecond(BATCH), ingest.p50Millis(), drain);
  }
}
