package dev.fanfare.server.component;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.db.Database;
import dev.fanfare.testkit.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SweepLoopTest {
  private static final Duration BOUND = Duration.ofSeconds(30);

  @Test
  void a_failing_environment_does_not_prevent_sweeps_of_the_others() throws Exception {
    CountDownLatch swept = new CountDownLatch(1);
    Sweep sweep =
        new Sweep() {
          @Override
          public Duration interval() {
            return Duration.ofHours(1);
          }

          @Override
          public int runOnce(int environmentId, Instant now) {
            if (environmentId == 1) {
              throw new IllegalStateException("a failure of this environment only");
            }
            swept.countDown();
            return 0;
          }
        };
    try (TestDatabase home = TestDatabase.create();
        Database database =
            Database.open(
                new Database.Address(home.jdbcUrl(), home.user(), home.password()), 2, BOUND)) {
      SweepLoop loop = SweepLoop.start(database, () -> List.of(1, 2), List.of(sweep));
      try (loop) {
        assertThat(swept.await(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
      }
    }
  }
}
