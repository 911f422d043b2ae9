package dev.fanfare.bench;

import dev.fanfare.protocol.worker.QueueDefinition;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A steady load: runs are triggered in batches of 1,000, and two sessions claim 100 with each poll
 * and report them as succeeded, all at the same fixed rate. A backlog makes sure that polls never
 * wait for runs.
 */
final class PacedLoad implements AutoCloseable {
  static final int BATCH = 1_000;

  private static final int BACKLOG = 20_000;
  private static final int SESSIONS = 2;
  private static final int CLAIM = 100;

  private final Testbed testbed;
  private final double runsPerSecond;
  private final ExecutorService threads = Executors.newFixedThreadPool(SESSIONS + 1);
  private final List<RawSession> sessions = new ArrayList<>();
  private final List<Future<?>> loops = new ArrayList<>();
  private final ConcurrentLinkedQueue<Long> polls = new ConcurrentLinkedQueue<>();
  private final AtomicLong backlog = new AtomicLong();
  private final AtomicLong claimed = new AtomicLong();
  private final AtomicInteger empty = new AtomicInteger();
  private final AtomicInteger missed = new AtomicInteger();
  private volatile boolean stopping;

  private PacedLoad(Testbed testbed, double runsPerSecond) {
    this.testbed = testbed;
    this.runsPerSecond = runsPerSecond;
  }

  /** Measures the peak of ingest and drain; returns half of the smaller one, in runs a second. */
  static double halfOfPeak(
      String workload, Testbed testbed, BenchOptions options, Progress progress) throws Exception {
    progress.say(workload + ": warming up");
    Throughput.measure(testbed, options.size(30, 2));
    Throughput peak = Throughput.measure(testbed, options.size(30, 3));
    double rate = Math.min(peak.ingest(), peak.drain()) / 2;
    progress.say(
        String.format(
            Locale.ROOT,
            "%s: peak %,.0f runs/s ingest, %,.0f drain; %,.0f runs/s from now on",
            workload,
            peak.ingest(),
            peak.drain(),
            rate));
    testbed.clear();
    return rate;
  }

  /**
   * Starts a load.
   *
   * @param queueLimit the concurrency limit of the queue of the runs; 0: none
   */
  static PacedLoad start(Testbed testbed, double runsPerSecond, int queueLimit) throws Exception {
    PacedLoad load = new PacedLoad(testbed, runsPerSecond);
    QueueDefinition queue = queueLimit > 0 ? new QueueDefinition("limited", queueLimit) : null;
    load.open(queue);
    return load;
  }

  private void open(@Nullable QueueDefinition queue) throws Exception {
    HttpCalls calls = new HttpCalls(testbed.server());
    for (int i = 0; i < SESSIONS; i++) {
      sessions.add(RawSession.open(calls, CLAIM, List.of(Tasks.NOTHING.id()), queue));
    }
    List<Tasks.Item> items = Tasks.items(BATCH);
    while (backlog.get() < BACKLOG) {
      trigger(items);
    }
    loops.add(submit(() -> triggerAtPace(items)));
    sessions.forEach(session -> loops.add(submit(() -> claimAtPace(session))));
  }

  /** Starts a loop that ends when the load does. */
  private Future<?> submit(Callable<?> loop) {
    return threads.submit(loop);
  }

  private void trigger(List<Tasks.Item> items) {
    testbed.client().batchTrigger(Tasks.NOTHING, items);
    backlog.addAndGet(BATCH);
  }

  private @Nullable Void triggerAtPace(List<Tasks.Item> items) throws InterruptedException {
    Pace pace = new Pace(runsPerSecond / BATCH);
    while (!stopping) {
      pace.await();
      if (backlog.get() < 2 * BACKLOG) {
        trigger(items);
      }
    }
    return null;
  }

  private @Nullable Void claimAtPace(RawSession session) throws IOException, InterruptedException {
    Pace pace = new Pace(runsPerSecond / CLAIM / SESSIONS);
    while (!stopping) {
      pace.await();
      missed.addAndGet(pace.takeMissed());
      RawSession.Polled polled = session.poll();
      if (polled.runs().isEmpty()) {
        empty.incrementAndGet(); // it waited: its duration says nothing about claims
        continue;
      }
      polls.add(polled.nanos());
      backlog.addAndGet(-polled.runs().size());
      claimed.addAndGet(polled.runs().size());
      session.succeed(polled.runs());
    }
    return null;
  }

  /**
   * What happened in some time.
   *
   * @param polls the durations of the polls that returned runs, in nanoseconds
   * @param claimed how many runs they returned
   * @param empty how many polls returned none
   * @param missed how many polls were left out, because those before took too long
   * @param backlog how many runs are queued at its end
   */
  record Part(List<Long> polls, long claimed, int empty, int missed, long backlog) {}

  /** What happened since the last call; fails if the load did. */
  Part take() throws InterruptedException, ExecutionException {
    for (Future<?> loop : loops) {
      if (loop.isDone()) {
        loop.get();
      }
    }
    List<Long> taken = new ArrayList<>();
    for (Long nanos = polls.poll(); nanos != null; nanos = polls.poll()) {
      taken.add(nanos);
    }
    return new Part(
        taken, claimed.getAndSet(0), empty.getAndSet(0), missed.getAndSet(0), backlog.get());
  }

  @Override
  public void close() {
    stopping = true;
    threads.close();
    sessions.forEach(RawSession::close);
  }
}
