package dev.fanfare.server.access.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.config.Rate;
import dev.fanfare.testkit.SettableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RateLimitTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final SettableClock clock = new SettableClock(START);
  private final RateLimit limit = new RateLimit(new Rate(10, 2), clock);

  @Test
  void a_full_bucket_allows_its_burst_and_then_refuses() {
    for (int left = 9; left >= 0; left--) {
      RateLimit.Outcome outcome = limit.take("a", 1);
      assertThat(outcome.taken()).isTrue();
      assertThat(outcome.remaining()).isEqualTo(left);
      assertThat(outcome.limit()).isEqualTo(10);
    }
    RateLimit.Outcome refused = limit.take("a", 1);
    assertThat(refused.taken()).isFalse();
    assertThat(refused.remaining()).isZero();
    assertThat(refused.resetAt()).isEqualTo(START.plusMillis(500));
    assertThat(refused.waitMillis()).isEqualTo(500);
  }

  @Test
  void BAT_20_tokens_refill_at_a_steady_rate_and_never_exceed_the_burst() {
    limit.take("a", 10);
    clock.advance(Duration.ofMillis(499));
    assertThat(limit.take("a", 1).taken()).isFalse();
    clock.advance(Duration.ofMillis(1));
    assertThat(limit.take("a", 1).taken()).isTrue();
    clock.advance(Duration.ofHours(1));
    assertThat(limit.take("a", 10).taken()).isTrue();
    assertThat(limit.take("a", 1).taken()).isFalse();
  }

  @Test
  void several_tokens_are_taken_together_or_not_at_all() {
    limit.take("a", 7);
    RateLimit.Outcome refused = limit.take("a", 4);
    assertThat(refused.taken()).isFalse();
    assertThat(refused.remaining()).isEqualTo(3);
    assertThat(refused.resetAt())
        .as("when four tokens are available")
        .isEqualTo(START.plusMillis(500));
    RateLimit.Outcome taken = limit.take("a", 3);
    assertThat(taken.taken()).isTrue();
    assertThat(taken.resetAt()).as("when the bucket is full again").isEqualTo(START.plusSeconds(5));
  }

  @Test
  void each_caller_has_its_own_bucket() {
    limit.take("a", 10);
    assertThat(limit.take("b", 10).taken()).isTrue();
  }

  @Test
  void a_clock_that_is_set_back_delays_the_next_token_by_at_most_one_interval() {
    limit.take("a", 10);
    clock.advance(Duration.ofDays(-1));
    assertThat(limit.take("a", 1).resetAt()).isEqualTo(clock.instant().plusMillis(500));
  }

  @Test
  void concurrent_callers_share_the_burst() {
    long taken =
        IntStream.range(0, 1_000).parallel().filter(i -> limit.take("a", 1).taken()).count();
    assertThat(taken).isEqualTo(10);
  }

  @Test
  void large_numbers_do_not_overflow() {
    RateLimit large = new RateLimit(new Rate(999_999_999, 1), clock);
    assertThat(large.take("a", 999_999_999).remaining()).isZero();
    assertThat(large.take("a", 1).taken()).isFalse();
  }

  @Test
  void without_a_limit_there_is_nothing_to_report() {
    assertThat(new RateLimit(Rate.NONE, clock).take("a", 1_000_000)).isNull();
  }
}
