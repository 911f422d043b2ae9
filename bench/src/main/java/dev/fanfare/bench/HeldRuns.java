package dev.fanfare.bench;

import dev.fanfare.protocol.worker.Assignment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Runs that a session executes until they are closed: then they are queued again. */
final class HeldRuns implements AutoCloseable {
  private static final int HEARTBEAT_SECONDS = 5;

  private final RawSession session;
  private final int count;
  private final ScheduledExecutorService heartbeats = Executors.newSingleThreadScheduledExecutor();

  private final Future<?> beating;

  private HeldRuns(RawSession session, int count) {
    this.session = session;
    this.count = count;
    this.beating =
        heartbeats.scheduleWithFixedDelay(
            this::heartbeat, HEARTBEAT_SECONDS, HEARTBEAT_SECONDS, TimeUnit.SECONDS);
  }

  /** Claims and starts at most {@code max} runs of these tasks. */
  static HeldRuns claim(HttpCalls calls, List<String> tasks, int max)
      throws IOException, InterruptedException {
    RawSession session = RawSession.open(calls, max, tasks, null);
    List<Assignment> runs = session.poll().runs();
    session.start(runs);
    return new HeldRuns(session, runs.size());
  }

  int count() {
    return count;
  }

  private void heartbeat() {
    try {
      session.heartbeat();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    beating.cancel(false);
    heartbeats.close();
    session.close();
  }
}
