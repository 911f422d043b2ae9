package dev.fanfare.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class AwaitTest {
  @Test
  void returnsAsSoonAsTheConditionHolds() {
    AtomicInteger looks = new AtomicInteger();
    Await.until(Duration.ofMinutes(1), () -> looks.incrementAndGet() == 4);
    assertThat(looks).hasValue(4);
  }

  @Test
  void anExceptionCountsAsNotYet() {
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
  void aFailureSaysWhatWasAwaitedAndForHowLong() {
    assertThatThrownBy(() -> Await.until("the moon", Duration.ofMillis(20), () -> false))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Waited 20 ms")
        .hasMessageContaining("for the moon");
  }

  @Test
  void aFailedAssertionIsShown() {
    assertThatThrownBy(
            () -> Await.untilAsserted(Duration.ofMillis(20), () -> assertThat(3).isEqualTo(4)))
        .hasMessageContaining("expected: 4")
        .hasCauseInstanceOf(AssertionError.class);
  }

  @Test
  void looksOnceEvenWithoutTime() {
    Await.until(Duration.ZERO, () -> true);
  }
}
