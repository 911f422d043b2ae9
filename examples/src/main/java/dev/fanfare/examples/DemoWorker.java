package dev.fanfare.examples;

import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Worker;
import java.util.concurrent.CountDownLatch;

/**
 * The demo worker as a process of its own, configured by {@code FANFARE_URL}, {@code
 * FANFARE_SECRET_KEY} and {@code FANFARE_SLOTS} (50). SIGTERM drains it.
 */
public final class DemoWorker {
  private DemoWorker() {}

  /** Works until the process is told to end. */
  public static void main(String[] args) throws InterruptedException {
    int slots = Integer.parseInt(System.getenv().getOrDefault("FANFARE_SLOTS", "50"));
    Worker worker =
        Worker.builder(Fanfare.fromEnvironment()).tasks(DemoTasks.all()).slots(slots).start();
    CountDownLatch told = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              worker.close();
              told.countDown();
            }));
    told.await();
  }
}
