package dev.fanfare.server.lease;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.testkit.Seed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private final SplittableRandom fixed = new SplittableRandom(1);

  @Test
  void ATT_13_the_wait_stays_within_minimum_and_maximum_for_every_policy_and_attempt() {
    Seed.run(random -> {
      for (int i = 0; i < 20_000; i++) {
        long min = random.nextLong(0, 1L << random.nextInt(1, 36));
        long max = min + random.nextLong(0, 1L << random.nextInt(1, 36));
        RetryPolicy policy =
            new RetryPolicy(250, min, max, 1 + random.nextDouble() * 999, random.nextBoolean());
        Duration wait = Backoff.after(policy, random.nextInt(1, 251), random);
        assertThat(wait.toMillis()).as("%s", policy).isBetween(min, max);
      }
    });
  }

  @Test
  void ATT_13_without_jitter_waits_grow_by_the_factor_up_to_the_maximum() {
    RetryPolicy policy = new RetryPolicy(9, 1_000, 30_000, 2, false);
    List<Long> seconds = new ArrayList<>();
    for (int attempt = 1; attempt <= 7; attempt++) {
      seconds.add(Backoff.after(policy, attempt, fixed).toSeconds());
    }
    assertThat(seconds).containsExactly(1L, 2L, 4L, 8L, 16L, 30L, 30L);
  }

  @Test
  void ATT_13_jitter_spreads_waits_between_the_base_wait_and_twice_that() {
    RetryPolicy policy = new RetryPolicy(9, 1_000, 60_000, 2, true);
    List<Long> waits = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      waits.add(Backoff.after(policy, 3, fixed).toMillis());
    }
    assertThat(waits).allMatch(wait -> wait >= 4_000 && wait < 8_001);
    assertThat(waits.stream().distinct().count()).isGreaterThan(300);
  }

  @Test
  void ATT_13_a_zero_wait_stays_zero_after_any_attempt() {
    RetryPolicy policy = new RetryPolicy(250, 0, 0, 1_000, true);
    assertThat(Backoff.after(policy, 250, fixed)).isZero();
  }
}
