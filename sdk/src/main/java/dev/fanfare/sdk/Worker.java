package dev.fanfare.sdk;

import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.sdk.internal.worker.WorkerLoop;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Executes tasks: claims runs from the server and runs their handlers, each on a virtual thread.
 *
 * {@snippet :
 * try (Worker worker = Worker.builder(fanfare).task(sendEmail).slots(50).start()) {
 *   …
 * }
 * }
 *
 * <p>It may start before its server does, and survives the server's restarts. A run may be
 * attempted more than once, when its worker or the connection dies at the wrong moment; it never
 * runs on two workers that both could report it. Safe for use by many threads.
 */
public final class Worker implements AutoCloseable {
  private final WorkerLoop loop;

  private Worker(WorkerLoop loop) {
    this.loop = loop;
  }

  /** Begins a worker that uses the address, key and JSON mapper of {@code fanfare}. */
  public static Builder builder(Fanfare fanfare) {
    return new Builder(fanfare);
  }

  /**
   * Stops: takes no more work, waits for running attempts within the grace period, interrupts and
   * hands back the rest, reports what ended, and returns. Calling it again does nothing new.
   */
  @Override
  public void close() {
    loop.close();
  }

  /** A worker being configured. Not safe for use by many threads. */
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

    /** Adds a task to execute; each id once, at least one in all. */
    public Builder task(Task<?, ?> task) {
      if (tasks.putIfAbsent(task.id(), task) != null) {
        throw new IllegalArgumentException("The task " + task.id() + " was added twice");
      }
      return this;
    }

    /** Adds tasks to execute. */
    public Builder tasks(List<? extends Task<?, ?>> more) {
      more.forEach(this::task);
      return this;
    }

    /** How many attempts run at once, from 1. Default 50. */
    public Builder slots(int slots) {
      if (slots < 1) {
        throw new IllegalArgumentException("slots must be at least 1, not " + slots);
      }
      this.slots = slots;
      return this;
    }

    /** What a person recognises the worker by, at most 128 characters. Default: by process id. */
    public Builder name(String name) {
      this.name = name;
      return this;
    }

    /**
     * The version of the code it runs, at most 128 characters: what runs can be locked to, and what
     * they show of who executed them. Default {@code dev}.
     */
    public Builder version(String version) {
      this.version = version;
      return this;
    }

    /** How long running attempts may take to end when the worker closes. Default 30 s. */
    public Builder shutdownGrace(Duration grace) {
      this.grace = grace;
      return this;
    }

    /**
     * Starts to work; returns at once, whether or not the server can be reached yet. The process
     * lives on until the worker is closed.
     */
    public Worker start() {
      if (tasks.isEmpty()) {
        throw new IllegalStateException("A worker needs at least one task");
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
