package dev.fanfare.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class SettableClockTest {
  private final SettableClock clock = new SettableClock(Instant.parse("2026-01-01T00:00:00Z"));

  @Test
  void stands_still_until_moved() {
    assertThat(clock.instant()).isEqualTo(clock.instant()).isEqualTo("2026-01-01T00:00:00Z");
  }

  @Test
  void moves_forward_and_back() {
    assertThat(clock.advance(Duration.ofMinutes(1))).isEqualTo("2026-01-01T00:01:00Z");
    clock.set(Instant.parse("2025-12-31T00:00:00Z"));
    assertThat(clock.instant()).isEqualTo("2025-12-31T00:00:00Z");
  }

  @Test
  void keeps_microseconds_like_the_database() {
    clock.set(Instant.parse("2026-01-01T00:00:00.123456789Z"));
    assertThat(clock.instant()).isEqualTo("2026-01-01T00:00:00.123456Z");
    assertThat(clock.advance(Duration.ofNanos(999))).isEqualTo("2026-01-01T00:00:00.123456Z");
  }
}
