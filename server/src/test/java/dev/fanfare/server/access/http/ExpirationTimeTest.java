package dev.fanfare.server.access.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.WireJson;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExpirationTimeTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private static Instant read(String json) {
    return ExpirationTime.read(WireJson.mapper().readTree(json), NOW);
  }

  @ParameterizedTest
  @CsvSource({
    "1s, 1", "30 secs, 30", "1 second, 1", "15m, 900", "15 minutes, 900", "1hr, 3600",
    "2 hours, 7200", "1d, 86400", "1 week, 604800", "1y, 31557600", "1.5h, 5400", "+10s, 10",
    "10s from now, 10", "10s ago, -10", "-10s, -10", "- 10s, -10", "15M, 900"
  })
  void a_duration_counts_from_now(String text, long seconds) {
    assertThat(read('"' + text + '"')).isEqualTo(NOW.plusSeconds(seconds));
  }

  @ParameterizedTest
  @CsvSource({"1767225600, 1767225600", "1767225600.9, 1767225600", "0, 0", "-1, -1"})
  void a_number_is_a_unix_time(String json, long seconds) {
    assertThat(read(json)).isEqualTo(Instant.ofEpochSecond(seconds));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"\"",
        "\"soon\"",
        "\"15\"",
        "\"m\"",
        "\"15 m from\"",
        "\"-1s ago\"",
        "\"1h30m\"",
        "null",
        "true",
        "[]",
        "{}",
        "1e300",
        "\"999999999999y\"",
        "\"2026-01-01\""
      })
  void anything_else_is_invalid(String json) {
    assertThat(read(json)).isNull();
  }
}
