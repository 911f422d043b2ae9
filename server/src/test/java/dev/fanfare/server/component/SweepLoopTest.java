package dev.fanfare.server.component;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseAddress;
import dev.fanfare.server.db.MigratedDatabase;
import dev.fanfare.testkit.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SweepLoopTest {
  private static final Duration BOUND = Duration.ofSeconds(30);

  /** Runs these sweeps for two environments until the latch is down. */
  private static void runUntil(CountDownLatch swept, Sweep... sweeps) throws Exception {
    try (TestDatabase home = TestDatabase.create();
        Database database =
            Database.open(
                new DatabaseAddress(home.jdbcUrl(), home.user(), home.password()),
                2,
                BOUND,
                MigratedDatabase.RANGES)) {
      SweepLoop loop = SweepLoop.start(database, () -> List.of(1, 2), List.of(sweeps));
      try (loop) {
        assertThat(swept.await(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
      }
    }
  }

  private static Sweep sweep(Duration interval, @Nullable Contact contact, IntUnaryOperator step) {
    return new Sweep() {
      @Override
      public Duration interval() {
        return interval;
      }

      @Override
      public @Nullable Contact contact() {
        return contact;
      }

      @Override
      public int runOnce(int environmentId, Instant now) {
        return step.applyAsInt(environmentId);
      }
    };
  }

  @Test
  void a_failing_environment_does_not_prevent_sweeps_of_the_others() throws Exception {
    CountDownLatch swept = new CountDownLatch(1);
    runUntil(
        swept,
        sweep(
            Duration.ofHours(1),
            null,
            environmentId -> {
              if (environmentId == 1) {
                throw new IllegalStateException("a failure of this environment only");
              }
              swept.countDown();
              return 0;
            }));
  }

  @Test
  void not_even_a_lack_of_memory_ends_a_sweep() throws Exception {
    CountDownLatch swept = new CountDownLatch(2);
    runUntil(
        swept,
        sweep(
            Duration.ofHours(1),
            null,
            environmentId -> {
              swept.countDown();
              throw new OutOfMemoryError("on purpose");
            }));
  }

  @Test
  void a_sweep_that_needs_contact_waits_for_it() throws Exception {
    CountDownLatch others = new CountDownLatch(20);
    AtomicInteger early = new AtomicInteger();
    CountDownLatch late = new CountDownLatch(1);
    Duration tick = Duration.ofMillis(1);
    Sweep waits =
        sweep(tick, new Contact(BOUND, BOUND, tick), environmentId -> early.incrementAndGet());
    runUntil(
        others,
        waits,
        sweep(
            tick,
            null,
            environmentId -> {
              others.countDown();
              return 0;
            }));
    assertThat(early).hasValue(0);
    runUntil(
        late,
        sweep(
            tick,
            new Contact(Duration.ofMillis(50), BOUND, tick),
            environmentId -> {
              late.countDown();
              return 0;
            }));
  }
}
