package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.worker.QueueDefinition;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.server.batch.TriggeredBatch;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.lease.AttemptRef;
import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.AttemptReport.ReportResult;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.lease.LeaseRef;
import dev.fanfare.server.text.Hash;
import dev.fanfare.server.trigger.TriggeredRun;
import dev.fanfare.testkit.Seed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/**
 * Whatever clients, workers, lost responses, sweeps and a jumping clock can do, in random order.
 * Afterwards every accepted run is in one place, counts are right, and final runs stay final.
 */
class LifecycleSimulationTest {
  private static final int SEQUENCES = 4;
  private static final int STEPS = 250;
  private static final int STEPS_BETWEEN_CHECKS = 10;

  @AutoClose static final Engine engine = Engine.start();

  @Test
  void random_events_lose_no_run_and_keep_every_count_right() {
    Seed.run(
        SEQUENCES,
        random -> {
          Sequence sequence = new Sequence(engine.tenant(), random);
          for (int step = 1; step <= STEPS; step++) {
            sequence.step();
            if (step % STEPS_BETWEEN_CHECKS == 0) {
              sequence.check();
            }
          }
          sequence.drain();
          sequence.check();
        });
  }

  /** A random sequence of events in one environment. */
  private static final class Sequence {
    private static final String[] TASKS = {"plain", "limited", "retried", "late"};

    private final Tenant tenant;
    private final SplittableRandom random;
    private final List<Worker> workers = new ArrayList<>();

    /** Every claim that was ever made, with the worker that made it. */
    private final List<Claim> claims = new ArrayList<>();

    private final Set<Worker> closed = new HashSet<>();
    private final Map<UUID, String> accepted = new HashMap<>();
    private final Map<UUID, String> ended = new HashMap<>();
    private final Map<String, UUID> holderOfKey = new HashMap<>();
    private boolean lateIsDeclared;

    /** How far the clock of the sweeps that delete what nobody uses is ahead. */
    private int days;

    private record Claim(Worker worker, ClaimedRun run) {}

    Sequence(Tenant tenant, SplittableRandom random) {
      this.tenant = tenant;
      this.random = random;
      for (int i = 0; i < 3; i++) {
        workers.add(newWorker());
      }
    }

    private Worker newWorker() {
      List<TaskDefinition> tasks = new ArrayList<>();
      tasks.add(Tenant.task("plain"));
      tasks.add(
          new TaskDefinition(
              "limited", new QueueDefinition("narrow", 3), RetryPolicy.DEFAULT, null, null));
      tasks.add(Tenant.task("retried", new RetryPolicy(3, 4_000, 8_000, 2, false)));
      if (lateIsDeclared) {
        tasks.add(Tenant.limited("late", "narrow", 3));
      }
      return tenant.worker(tasks.toArray(TaskDefinition[]::new));
    }

    void step() {
      switch (random.nextInt(20)) {
        case 0, 1 -> trigger();
        case 2, 3 -> batch();
        case 4, 5, 6, 7 -> claim();
        case 8, 9, 10, 11, 12, 13 -> report();
        case 14 -> engine.clock.advance(Duration.ofMillis(random.nextLong(-2_000, 60_000)));
        case 15 -> tenant.queueDue(engine.clock.instant().plusSeconds(random.nextInt(120)));
        case 16 -> tenant.reclaim(tenant.now().plus(oneOf(Tenant.NO_START, Tenant.LAPSE)));
        case 17 -> {
          engine.sweep("SlotSweep", tenant.now());
          tenant.park();
        }
        case 18 -> {
          engine.sweep("IdempotencyKeySweep", engine.clock.instant());
          engine.sweep("RequestKeySweep", engine.clock.instant());
          engine.sweep("UsedTokenSweep", engine.clock.instant());
          days += random.nextInt(40);
          engine.sweep("LaneSweep", tenant.now().plus(Duration.ofDays(days)));
          engine.sweep("RetireSweep", tenant.now().plus(Duration.ofDays(days)));
        }
        default -> replaceWorker();
      }
    }

    private void replaceWorker() {
      lateIsDeclared = lateIsDeclared || random.nextInt(3) == 0;
      int i = random.nextInt(workers.size());
      if (random.nextBoolean()) {
        workers.get(i).close();
        closed.add(workers.get(i));
      }
      workers.set(i, newWorker());
    }

    private void trigger() {
      Item item = item();
      Hash request = random.nextInt(4) == 0 ? Hash.of("request " + random.nextInt(5)) : null;
      TriggeredRun first = tenant.triggered(item, request);
      if (request == null) {
        track(item, first.runId(), first.cached());
      } else {
        accepted.put(first.runId(), "a request");
        assertThat(tenant.triggered(item, request).runId()).isEqualTo(first.runId());
        holderOfKey.clear(); // a repeated request does not show which run has the key now
      }
    }

    private void batch() {
      Item[] items = new Item[random.nextInt(1, 9)];
      for (int i = 0; i < items.length; i++) {
        items[i] = item();
      }
      TriggeredBatch batch = tenant.batch(items);
      for (int i = 0; i < items.length; i++) {
        track(items[i], batch.items().get(i).runId(), batch.items().get(i).cached());
      }
    }

    private Item item() {
      Item item = Item.of(oneOf(TASKS)).payload("" + random.nextInt());
      if (random.nextInt(3) == 0) {
        item.key("key " + random.nextInt(8), Duration.ofSeconds(random.nextInt(1, 600)));
      }
      if (random.nextInt(4) == 0) {
        item.delayUntil(engine.clock.instant().plusSeconds(random.nextInt(-5, 90)));
      }
      boolean fails = random.nextInt(12) == 0;
      if (!fails && random.nextInt(5) == 0) {
        item.debounce("key " + random.nextInt(4), Duration.ofSeconds(random.nextInt(1, 60)));
        if (random.nextInt(3) == 0) {
          item.maxDelay(Duration.ofSeconds(random.nextInt(60, 120)));
        }
        if (random.nextBoolean()) {
          item.trailing();
        }
      }
      if (random.nextInt(4) == 0) {
        item.queue("narrow");
      }
      if (random.nextInt(3) == 0) {
        item.concurrencyKey("tenant " + random.nextInt(3));
      }
      if (fails) {
        item.failure(RunError.internal(RunError.Codes.COULD_NOT_TRIGGER, "no"));
      }
      return item;
    }

    /**
     * Records what a trigger returned. An existing run is returned only for its idempotency key, if
     * it is the last one created with that key, or because triggers are coalesced into it.
     */
    private void track(Item item, UUID run, boolean cached) {
      String key = item.toRun().key() == null ? null : item.toRun().task() + item.toRun().key();
      if (cached) {
        assertThat(accepted).containsKey(run);
      } else if (item.toRun().debounce() == null || !accepted.containsKey(run)) {
        assertThat(accepted.put(run, String.valueOf(key))).isNull();
      }
      if (key != null) {
        UUID holder = holderOfKey.put(key, run);
        assertThat(!cached || holder == null || holder.equals(run)).isTrue();
      }
    }

    private void claim() {
      Worker worker = workers.get(random.nextInt(workers.size()));
      for (ClaimedRun run : worker.claim(random.nextInt(1, 6))) {
        claims.add(new Claim(worker, run));
      }
    }

    /** Reports old and new claims, held or lost long ago; sometimes sends the same report twice. */
    private void report() {
      if (claims.isEmpty()) {
        return;
      }
      Worker worker = claims.get(random.nextInt(claims.size())).worker();
      if (closed.contains(worker)) {
        assertThatThrownBy(worker::heartbeat).isInstanceOf(HttpError.class);
        return;
      }
      List<AttemptRef> started = new ArrayList<>();
      List<Finished> finished = new ArrayList<>();
      List<LeaseRef> returned = new ArrayList<>();
      List<LeaseRef> lost = new ArrayList<>();
      for (int i = random.nextInt(1, 5); i > 0; i--) {
        Claim claim = claims.get(random.nextInt(claims.size()));
        ClaimedRun run = claim.run();
        int attempt = run.lastAttempt() + 1;
        switch (random.nextInt(8)) {
          case 0, 1, 2 -> started.add(Worker.started(run, attempt));
          case 3, 4 -> finished.add(Worker.success(run, attempt, "\"done\""));
          case 5, 6 -> finished.add(Worker.failure(run, attempt, random.nextBoolean()));
          default -> returned.add(new LeaseRef(run.runId(), run.fence()));
        }
        if (!worker.holds(run)) {
          lost.add(new LeaseRef(run.runId(), run.fence()));
        }
      }
      ReportResult result = worker.report(started, finished, returned);
      assertThat(result.lost()).containsAll(lost);
      if (random.nextInt(4) == 0) {
        worker.report(started, finished, returned);
      }
    }

    void check() {
      Invariants.check(tenant);
      assertThat(tenant.count("runs")).isEqualTo(accepted.size());
      Map<UUID, String> outcomes = tenant.outcomes();
      assertThat(outcomes).containsAllEntriesOf(ended);
      ended.putAll(outcomes);
    }

    /** Executes all runs that are left, and checks that nothing remains in any queue. */
    void drain() {
      lateIsDeclared = true;
      tenant.reclaim(tenant.now().plus(Tenant.LAPSE));
      Worker worker = newWorker();
      tenant.queueDue(tenant.now().plus(Duration.ofDays(9)));
      for (List<ClaimedRun> runs = worker.claim(50); !runs.isEmpty(); runs = worker.claim(50)) {
        for (ClaimedRun run : runs) {
          worker.succeed(run, "\"drained\"");
        }
      }
      assertThat(tenant.count("outcomes")).isEqualTo(accepted.size());
      assertThat(tenant.slotsInUse()).isZero();
      for (String table : List.of("ready", "delays", "parked", "leases")) {
        assertThat(tenant.count(table)).as(table).isZero();
      }
      assertThat(
              tenant.number(
                  """
                  select count(*)::int as n
                    from batches
                   where environment_id = :environment
                     and status <> 'COMPLETED'
                  """))
          .isZero();
    }

    @SafeVarargs
    private <T> T oneOf(T... choices) {
      return choices[random.nextInt(choices.length)];
    }
  }
}
