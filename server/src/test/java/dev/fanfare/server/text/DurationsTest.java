package dev.fanfare.server.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {
  @ParameterizedTest
  @CsvSource({
    "1s, PT1S",
    "0s, PT0S",
    "90s, PT1M30S",
    "1h30m, PT1H30M",
    "30m1h, PT1H30M",
    "1hr, PT1H",
    "1hr30m, PT1H30M",
    "2d, PT48H",
    "2w, PT336H",
    "1w1d1h1m1s, PT193H1M1S",
    "1h1h, PT1H",
    "1h1hr, PT1H",
    "007s, PT7S",
    "999999999w, PT167999999832H"
  })
  void DEL_07_a_duration_is_the_sum_of_its_units(String text, Duration duration) {
    assertThat(Durations.duration(text)).isEqualTo(duration);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "1",
        "s",
        "1.5h",
        "-1h",
        "1H",
        "1 h",
        " 1h",
        "1h ",
        "1ms",
        "1x",
        "1y",
        "PT1H",
        "1h30",
        "1000000000s",
        "١h",
        "tomorrow",
        "2026-01-01"
      })
  void DEL_07_any_other_text_is_not_a_duration(String text) {
    assertThat(Durations.duration(text)).isNull();
  }

  @Test
  void DEL_07_a_very_long_text_is_neither_a_duration_nor_a_time() {
    assertThat(Durations.duration("1h".repeat(51))).isNull();
    assertThat(Durations.date("2026-01-01T00:00:00." + "0".repeat(100) + "Z")).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "2026-01-02T03:04:05Z, 2026-01-02T03:04:05Z",
    "2026-01-02T03:04:05.678Z, 2026-01-02T03:04:05.678Z",
    "2026-01-02T03:04:05+02:00, 2026-01-02T01:04:05Z",
    "2026-01-02T03:04:05, 2026-01-02T03:04:05Z",
    "2026-01-02T03:04, 2026-01-02T03:04:00Z",
    "2026-01-02, 2026-01-02T00:00:00Z"
  })
  void DEL_07_a_time_is_an_iso_date_with_or_without_a_time_zone(String text, Instant time) {
    assertThat(Durations.date(text)).isEqualTo(time);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1h",
        "2026-13-01",
        "2026-02-30",
        "2026-1-1",
        "01.02.2026",
        "20260102",
        "now",
        "2026-01-02 03:04:05",
        "2026-01-02T25:00:00Z",
        "Z",
        "+02:00"
      })
  void DEL_07_any_other_text_is_not_a_time(String text) {
    assertThat(Durations.date(text)).isNull();
  }

  @ParameterizedTest
  @CsvSource({"60s, PT1M", "5m, PT5M", "2h, PT2H", "7d, PT168H", "0s, PT0S", "366d, P366D"})
  void a_keys_lifetime_is_a_number_and_a_unit(String text, Duration duration) {
    assertThat(Durations.keyTtl(text, Duration.ofDays(30))).isEqualTo(duration);
  }

  @ParameterizedTest
  @ValueSource(strings = {"367d", "99999d", "999999999s", "999999999d"})
  void a_key_lives_a_year_at_most(String text) {
    assertThat(Durations.keyTtl(text, Duration.ofDays(30))).isEqualTo(Duration.ofDays(366));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1w", "1h30m", "60", "-1s", "forever"})
  void any_other_lifetime_of_a_key_falls_back_to_the_default(String text) {
    assertThat(Durations.keyTtl(text, Duration.ofDays(30))).isEqualTo(Duration.ofDays(30));
    assertThat(Durations.keyTtl(null, Duration.ofDays(30))).isEqualTo(Duration.ofDays(30));
  }
}
