package dev.fanfare.examples;

import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Worker;
import java.util.concurrent.CountDownLatch;

/**
 * The demo worker as a process, configured by the environment variables {@code FANFARE_URL}, {@code
 * FANFARE_SECRET_KEY} and {@code FANFARE_SLOTS} (default 50). SIGTERM drains and stops it.
 */
public final class DemoWorker {
  private DemoWorker() {}

  /** Runs the worker until the process is stopped. */
  public static void main(String[] args) throws InterruptedException {
    int slots = Integer.parseInt(System.getenv().getOrDefault("FANFARE_SLOTS", "50"));
    Worker worker =
        Worker.builder(Fanfare.fromEnvironment()).tasks(DemoTasks.all()).slots(slots).start();
    CountDownLatch closed = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              worker.close();
              closed.countDown();
            }));
    closed.await();
  }
}
