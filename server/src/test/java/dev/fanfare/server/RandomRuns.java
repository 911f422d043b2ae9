package dev.fanfare.server;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.worker.QueueDefinition;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.server.lease.ClaimedRun;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.IntStream;

/** Fills an environment with runs of every kind, in every state. */
final class RandomRuns {
  static final List<String> TASKS = List.of("common", "retried", "rare", "undeclared");
  static final List<String> QUEUES =
      List.of("task/common", "shared", "task/rare", "task/undeclared", "of versions");
  static final List<String> TAGS = List.of("a", "b", "seldom");
  static final List<String> VERSIONS = List.of("1", "2", "3");
  static final List<String> MACHINES = List.of("micro", "small-1x", "large-2x");
  static final List<String> REGIONS = List.of("eu", "us");

  private static final RetryPolicy AFTER_A_MINUTE = new RetryPolicy(3, 60_000, 60_000, 1, false);

  private final Engine engine;
  private final Tenant tenant;
  private final SplittableRandom random;
  private final List<Worker> workers = new ArrayList<>();
  private final List<UUID> triggered = new ArrayList<>();

  RandomRuns(Engine engine, Tenant tenant, SplittableRandom random) {
    this.engine = engine;
    this.tenant = tenant;
    this.random = random;
    for (String version : VERSIONS) {
      workers.add(
          tenant.workerOf(
              version,
              Tenant.task("common"),
              Tenant.task("retried", AFTER_A_MINUTE),
              new TaskDefinition(
                  "rare", new QueueDefinition("of versions", null), null, null, null)));
    }
  }

  /**
   * Triggers at least {@code count} runs over weeks, and moves some of them on after each batch.
   */
  void fill(int count) {
    while (triggered.size() < count) {
      Item[] items =
          IntStream.range(0, random.nextInt(1, 200)).mapToObj(i -> item()).toArray(Item[]::new);
      tenant.batch(items).items().forEach(item -> triggered.add(item.runId()));
      for (int i = random.nextInt(4); i > 0; i--) {
        move();
      }
      engine.clock.advance(Duration.ofMillis(random.nextLong(Duration.ofDays(2).toMillis())));
      engine.sweep("PartitionSweep", engine.clock.instant());
    }
  }

  private Item item() {
    String task = random.nextInt(10) < 6 ? "common" : TASKS.get(random.nextInt(4));
    Item item = Item.of(task);
    if (one(3)) {
      item.tags(one(20) ? new String[] {"seldom"} : one(3) ? ab() : new String[] {"a"});
    }
    if (one(5)) {
      item.queue("shared");
    } else if (one(5) && !task.equals("undeclared")) {
      item.lockToVersion(one(3) ? "3" : "1");
    }
    if (one(4)) {
      item.concurrencyKey("key " + random.nextInt(5));
    }
    if (one(5)) {
      item.options("{\"region\":\"%s\"}".formatted(one(9) ? "us" : "eu"));
    } else if (one(5)) {
      item.options(
          "{\"machine\":\"%s\",\"x\":[1]}".formatted(MACHINES.get(random.nextInt(one(3) ? 3 : 1))));
    }
    if (one(8)) {
      item.test();
    }
    if (one(6)) {
      item.delayUntil(engine.clock.instant().plus(Duration.ofHours(random.nextInt(1, 500))));
    } else if (one(6)) {
      item.ttl(Duration.ofHours(random.nextInt(1, 500)));
    } else if (one(50)) {
      item.failure(RunError.internal("FAILED_EARLY", "from the start"));
    }
    if (one(9)) {
      item.key("key " + random.nextInt(40)); // may be answered with a run of another batch
    }
    return item;
  }

  private static String[] ab() {
    return new String[] {"a", "b"};
  }

  private boolean one(int of) {
    return random.nextInt(of) == 0;
  }

  private void move() {
    Worker worker = workers.get(random.nextInt(workers.size()));
    switch (random.nextInt(5)) {
      case 0 -> engine.sweep("DueSweep", engine.clock.instant());
      case 1 -> engine.sweep("ExpireSweep", engine.clock.instant());
      case 2 -> {
        for (int i = 0; i < 5; i++) {
          tenant.cancel(triggered.get(random.nextInt(triggered.size())));
        }
      }
      default -> execute(worker, worker.claim(random.nextInt(1, 150)));
    }
  }

  private void execute(Worker worker, List<ClaimedRun> claimed) {
    for (ClaimedRun run : claimed) {
      int attempt = run.lastAttempt() + 1;
      int chance = random.nextInt(20);
      if (chance > 0) { // others stay DEQUEUED
        worker.start(run);
      }
      if (chance > 14) {
        worker.fail(run, attempt, true);
      } else if (chance > 1) {
        worker.succeed(run, "1");
      }
    }
  }
}
