package dev.fanfare.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class AwaitTest {
  @Test
  void returns_as_soon_as_the_condition_holds() {
    AtomicInteger looks = new AtomicInteger();
    Await.until(Duration.ofMinutes(1), () -> looks.incrementAndGet() == 4);
    assertThat(looks).hasValue(4);
  }

  @Test
  void an_exception_counts_as_not_yet() {
    AtomicInteger looks = new AtomicInteger();
    Await.until(
        Duration.ofMinutes(1),
        () -> {
          if (looks.incrementAndGet() < 3) {
            throw new IOException("not there");
          }
          return true;
        });
    assertThat(looks).hasValue(3);
  }

  @Test
  void a_failure_says_what_was_awaited_and_for_how_long() {
    assertThatThrownBy(() -> Await.until("the moon", Duration.ofMillis(20), () -> false))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Waited 20 ms")
        .hasMessageContaining("for the moon");
  }

  @Test
  void a_failed_assertion_is_shown() {
    assertThatThrownBy(
            () -> Await.untilAsserted(Duration.ofMillis(20), () -> assertThat(3).isEqualTo(4)))
        .hasMessageContaining("expected: 4")
        .hasCauseInstanceOf(AssertionError.class);
  }

  @Test
  void checks_once_even_with_a_zero_bound() {
    Await.until(Duration.ZERO, () -> true);
  }
}
