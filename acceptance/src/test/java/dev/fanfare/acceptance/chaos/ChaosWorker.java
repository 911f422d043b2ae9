package dev.fanfare.acceptance.chaos;

import dev.fanfare.sdk.BatchOptions;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.FanfareException;
import dev.fanfare.sdk.Queue;
import dev.fanfare.sdk.Retry;
import dev.fanfare.sdk.RunContext;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.TriggerOptions;
import dev.fanfare.sdk.Worker;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * A worker process whose handlers record each execution in a file, at its beginning and its end:
 * one line each, which {@link Executions} reads. The operating system keeps a line even if the
 * process is killed after writing it.
 */
final class ChaosWorker {
  static final String WORK = "work";
  static final String NARROW = "narrow";
  static final String PARENT = "parent";

  /** Runs of one concurrency key of {@link #NARROW} that execute at once. */
  static final int NARROW_LIMIT = 3;

  /** The children of each run of {@link #PARENT}. */
  static final int CHILDREN = 2;

  static final int ATTEMPTS = 3;

  /**
   * What a run is to do, and how the test finds it again.
   *
   * @param op the call that triggered it
   * @param index its index in that call
   * @param ms how long each attempt takes
   * @param failures how many attempts fail; from {@link #ATTEMPTS} on, the run fails
   */
  record Work(String op, int index, long ms, int failures) {
    /** What the run outputs when it succeeds. */
    Done done() {
      return new Done(op, index);
    }
  }

  /** The output of a run. */
  record Done(String op, int index) {}

  private final FileOutputStream ledger;

  private ChaosWorker(FileOutputStream ledger) {
    this.ledger = ledger;
  }

  /** Works until the process ends. */
  public static void main(String[] args) throws Exception {
    ChaosWorker handlers =
        new ChaosWorker(new FileOutputStream(System.getenv("CHAOS_LEDGER"), true));
    Worker.builder(Fanfare.fromEnvironment())
        .name(System.getenv("CHAOS_NAME"))
        .slots(Integer.parseInt(System.getenv("FANFARE_SLOTS")))
        .task(handlers.task(WORK, Queue.named(WORK)))
        .task(handlers.task(NARROW, Queue.named(NARROW).concurrencyLimit(NARROW_LIMIT)))
        .task(handlers.parent())
        .start();
    new CountDownLatch(1).await();
  }

  private Task<Work, Done> task(String id, Queue queue) {
    return Task.define(id, Work.class, Done.class)
        .queue(queue)
        .retry(retry())
        .handler((work, run) -> recorded(run, () -> work(work, run)));
  }

  private Task<Work, Done> parent() {
    return Task.define(PARENT, Work.class, Done.class)
        .retry(retry())
        .handler((work, run) ->
            recorded(
                run,
                () -> {
                  triggerChildren(work, run);
                  return work(work, run);
                }));
  }

  private static Retry retry() {
    return Retry.exponential()
        .maxAttempts(ATTEMPTS)
        .minDelay(Duration.ofMillis(50))
        .maxDelay(Duration.ofMillis(200));
  }

  private static Done work(Work work, RunContext run) throws InterruptedException {
    Thread.sleep(work.ms());
    // A run that a worker lost may get more attempts than it was allowed.
    if (run.attempt() <= work.failures() || work.failures() >= ATTEMPTS) {
      throw new IllegalStateException("attempt " + run.attempt() + " fails on purpose");
    }
    return work.done();
  }

  /** Triggers them once, however often it is tried and however often the run is attempted. */
  private static void triggerChildren(Work parent, RunContext run) throws InterruptedException {
    List<Work> children =
        List.of(new Work(parent.op() + ".c", 0, 5, 0), new Work(parent.op() + ".c", 1, 5, 1));
    while (true) {
      try {
        run.fanfare()
            .batchTrigger(
                WORK,
                children,
                child -> TriggerOptions.options(),
                BatchOptions.idempotencyKey("children-of-" + run.id()));
        return;
      } catch (FanfareException e) {
        if (run.shouldStop()) {
          throw e;
        }
        Thread.sleep(200);
      }
    }
  }

  private interface Body {
    Done call() throws Exception;
  }

  private Done recorded(RunContext run, Body body) throws Exception {
    write("start", run);
    String end = Executions.FAILED;
    try {
      Done done = body.call();
      end = Executions.DONE;
      return done;
    } catch (InterruptedException e) {
      end = Executions.INTERRUPTED;
      throw e;
    } finally {
      if (!end.equals(Executions.DONE) && run.shouldStop()) {
        end = Executions.INTERRUPTED;
      }
      write(end, run);
    }
  }

  private void write(String what, RunContext run) throws IOException {
    String line =
        "%s %d %s %d%n".formatted(what, System.currentTimeMillis(), run.id(), run.attempt());
    synchronized (ledger) {
      ledger.write(line.getBytes(StandardCharsets.UTF_8)); // one write, so no line is halved
    }
  }
}
