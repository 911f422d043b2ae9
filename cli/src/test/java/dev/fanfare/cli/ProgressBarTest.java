package dev.fanfare.cli;

import static dev.fanfare.protocol.RunStatus.COMPLETED;
import static dev.fanfare.protocol.RunStatus.DELAYED;
import static dev.fanfare.protocol.RunStatus.EXECUTING;
import static dev.fanfare.protocol.RunStatus.FAILED;
import static dev.fanfare.protocol.RunStatus.QUEUED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunStatus;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
  private static final ProgressBar ASCII = new ProgressBar(false, false);

  @Test
  void grows_with_the_runs_that_ended() {
    Duration second = Duration.ofSeconds(1);
    assertThat(ASCII.bar(tally(QUEUED, 1000), second, 70))
        .isEqualTo("............................  0/1000 COMPLETED, 1000 QUEUED  0 runs/s");
    assertThat(ASCII.bar(tally(QUEUED, 500, COMPLETED, 500), second, 80))
        .isEqualTo(
            "#################..................  500/1000 COMPLETED, 500 QUEUED  500 runs/s");
    assertThat(ASCII.bar(tally(COMPLETED, 1000), Duration.ofMillis(2_500), 100))
        .isEqualTo("########################################  1000/1000 COMPLETED  400 runs/s");
  }

  @Test
  void names_every_state_that_a_run_is_in() {
    Tally tally = tally(COMPLETED, 600, EXECUTING, 50, QUEUED, 300, DELAYED, 40, FAILED, 10);

    assertThat(ASCII.line(tally, Duration.ofMillis(3_050)))
        .isEqualTo(
            "  3.1s  600/1000 COMPLETED, 40 DELAYED, 300 QUEUED, 50 EXECUTING, 10 FAILED"
                + "  200 runs/s");
  }

  @Test
  void shows_failed_runs_in_red() {
    ProgressBar bar = new ProgressBar(true, true);

    assertThat(bar.bar(tally(COMPLETED, 6, FAILED, 2, QUEUED, 2), Duration.ofSeconds(1), 70))
        .startsWith("\u001b[32m██████");
    assertThat(bar.bar(tally(COMPLETED, 6, FAILED, 2, QUEUED, 2), Duration.ofSeconds(1), 70))
        .contains("\u001b[0m\u001b[31m██")
        .contains("\u001b[0m░░");
  }

  @Test
  void never_wraps_a_line() {
    Tally tally = tally(COMPLETED, 600, EXECUTING, 50, QUEUED, 300, FAILED, 50);

    for (int width = 20; width < 200; width++) {
      assertThat(ASCII.bar(tally, Duration.ofSeconds(1), width)).hasSizeLessThan(width);
    }
  }

  @Test
  void an_empty_tally_does_not_divide_by_zero() {
    assertThat(ASCII.bar(new Tally(Map.of()), Duration.ZERO, 60)).contains("0/0 COMPLETED");
  }

  private static Tally tally(Object... counts) {
    Map<RunStatus, Integer> map = new java.util.EnumMap<>(RunStatus.class);
    for (int i = 0; i < counts.length; i += 2) {
      map.put((RunStatus) counts[i], (Integer) counts[i + 1]);
    }
    return new Tally(map);
  }
}
