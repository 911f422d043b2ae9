package dev.fanfare.sdk.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** When the silence of a poll means that its connection is dead. */
class PollSilenceTest {
  private static final Duration MAX = Duration.ofSeconds(10);

  private long now;
  private final PollSilence silence = new PollSilence(() -> now);

  private void pass(Duration time) {
    now += time.toNanos();
  }

  private void blanks(int count) {
    for (int i = 0; i < count; i++) {
      pass(Duration.ofSeconds(1));
      silence.heard();
    }
  }

  @Test
  void once_blanks_arrive_a_response_may_be_silent_only_for_so_long() {
    silence.begin(MAX);
    assertThat(silence.silenceLeftNanos()).isEqualTo(Long.MAX_VALUE);
    blanks(2);
    assertThat(silence.silenceLeftNanos()).isEqualTo(MAX.toNanos());
    pass(MAX.plusSeconds(1));
    assertThat(silence.silenceLeftNanos()).isNegative();
    silence.timedOut();

    silence.begin(MAX);
    pass(Duration.ofSeconds(3));
    assertThat(silence.silenceLeftNanos()).isEqualTo(MAX.minusSeconds(3).toNanos());
  }

  @Test
  void a_proxy_that_holds_the_blanks_back_ends_no_poll() {
    for (int i = 0; i < 10; i++) {
      silence.begin(MAX);
      pass(MAX.multipliedBy(2));
      assertThat(silence.silenceLeftNanos()).isEqualTo(Long.MAX_VALUE);
      for (int piece = 0; piece < 20; piece++) { // all at once
        pass(Duration.ofMillis(2));
        silence.heard();
      }
    }
    assertThat(silence.silenceLeftNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void after_three_silent_polls_in_a_row_blanks_are_no_longer_expected() {
    silence.begin(MAX);
    blanks(5);
    for (int i = 0; i < 3; i++) {
      assertThat(silence.silenceLeftNanos()).isLessThan(Long.MAX_VALUE);
      silence.timedOut();
      silence.begin(MAX);
    }
    assertThat(silence.silenceLeftNanos()).isEqualTo(Long.MAX_VALUE);

    blanks(2);
    assertThat(silence.silenceLeftNanos()).isEqualTo(MAX.toNanos());
  }
}
