package dev.fanfare.sdk;

import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.sdk.internal.Spans;
import dev.fanfare.sdk.internal.worker.WorkerLoop;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Executes tasks: it claims runs from the server and calls their handlers, each on a virtual
 * thread.
 *
 * {@snippet :
 * try (Worker worker = Worker.builder(fanfare).task(sendEmail).slots(50).start()) {
 *   …
 * }
 * }
 *
 * <p>It can start before the server, and survives restarts of the server: it retries indefinitely
 * and logs the reason. A run may be attempted more than once when its worker or the connection dies
 * at the wrong moment; only one worker at a time holds its lease and can report an outcome. Safe
 * for use by many threads.
 */
public final class Worker implements AutoCloseable {
  private final WorkerLoop loop;

  private Worker(WorkerLoop loop) {
    this.loop = loop;
  }

  /** Starts building a worker that uses the URL, key and JSON mapper of {@code fanfare}. */
  public static Builder builder(Fanfare fanfare) {
    return new Builder(fanfare);
  }

  /**
   * Drains and stops the worker. It claims no more runs and hands back those not started; it waits
   * for running attempts up to the grace period, then interrupts the rest and hands them back; it
   * reports all outcomes and returns. Interrupting the calling thread ends the grace period.
   * Calling again does nothing.
   *
   * <p>A handler that closes its own worker, in its thread or in one that it started, cannot wait
   * for itself: then this returns at once and the rest goes on in the background.
   */
  @Override
  public void close() {
    loop.close();
  }

  /** Builds and starts a worker. Not safe for use by many threads. */
  public static final class Builder {
    private final Fanfare fanfare;
    private final Map<String, Task<?, ?>> tasks = new LinkedHashMap<>();
    private int slots = 50;
    private String name = "worker-" + ProcessHandle.current().pid();
    private String version = "dev";
    private Duration grace = Duration.ofSeconds(30);

    private Builder(Fanfare fanfare) {
      this.fanfare = fanfare;
    }

    /**
     * Adds a task to execute. At least one is required.
     *
     * @throws IllegalArgumentException when a task with the same id was added before
     */
    public Builder task(Task<?, ?> task) {
      if (tasks.putIfAbsent(task.id(), task) != null) {
        throw new IllegalArgumentException("Task " + task.id() + " was added twice");
      }
      return this;
    }

    /** Adds tasks to execute, see {@link #task}. */
    public Builder tasks(List<? extends Task<?, ?>> more) {
      more.forEach(this::task);
      return this;
    }

    /**
     * How many attempts run at once, from 1. Default 50.
     *
     * @throws IllegalArgumentException when it is less than 1
     */
    public Builder slots(int slots) {
      if (slots < 1) {
        throw new IllegalArgumentException("slots must be at least 1, not " + slots);
      }
      this.slots = slots;
      return this;
    }

    /**
     * A human-readable name, shown in logs; at most 128 characters. Default {@code worker-<pid>}.
     */
    public Builder name(String name) {
      this.name = name;
      return this;
    }

    /**
     * The version of the worker's code, at most 128 characters. Runs can be locked to it, and show
     * the version that executed them. Default {@code dev}.
     */
    public Builder version(String version) {
      this.version = version;
      return this;
    }

    /**
     * How long running attempts may take to end when the worker is closed, of any length; zero:
     * they are interrupted at once. Default 30 s.
     *
     * @throws IllegalArgumentException when it is negative
     */
    public Builder shutdownGrace(Duration grace) {
      this.grace = Spans.patience("shutdownGrace", grace);
      return this;
    }

    /**
     * Starts the worker. Returns at once, whether or not the server can be reached. The worker's
     * threads keep the process alive until it is closed.
     *
     * @throws IllegalStateException when no task was added
     */
    public Worker start() {
      if (tasks.isEmpty()) {
        throw new IllegalStateException("A worker must have at least one task");
      }
      SessionRequest introduction =
          new SessionRequest(
              name, version, slots, tasks.values().stream().map(Task::definition).toList());
      WorkerLoop loop = new WorkerLoop(fanfare, fanfare.api(), introduction, tasks.values(), grace);
      loop.start();
      return new Worker(loop);
    }
  }
}
