package dev.fanfare.sdk.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TimeLimitTest {

  @Test
  void the_thread_is_interrupted_exactly_when_the_limit_was_exceeded() {
    for (int i = 0; i < 2_000; i++) {
      TimeLimit limit = TimeLimit.start(i % 2L, () -> {});
      for (int spin = 0; spin < i; spin++) {
        Thread.onSpinWait();
      }
      limit.end();
      assertThat(Thread.interrupted()).isEqualTo(limit.isExceeded());
    }
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void without_a_limit_nothing_is_exceeded() {
    TimeLimit limit = TimeLimit.start(null, () -> {});
    limit.end();
    assertThat(limit.isExceeded()).isFalse();
  }
}
