package dev.fanfare.server.trigger.http;

import static dev.fanfare.server.config.ServerSettings.ITEM_BYTES_MAX;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.json.JsonReader;
import dev.fanfare.server.run.NewRun;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The meaning of a trigger's options; the HTTP contract has its own tests. */
class ItemReaderTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final ServerConfig CONFIG = ServerConfig.defaults().with(ITEM_BYTES_MAX, 1_000);

  private static NewRun read(String body) {
    ItemReader.Single item = new ItemReader(CONFIG, NOW).single("send");
    JsonReader.readObject(new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8)), item);
    return item.run();
  }

  private static NewRun options(String json) {
    return read("{\"options\":" + json + "}");
  }

  @ParameterizedTest
  @CsvSource({
    "7, 7",
    "-0, -0",
    "1.50, 1.50",
    "1e3, 1e3",
    "12345678901234567890, 12345678901234567890"
  })
  void TRG_15_a_numeric_concurrency_key_equals_its_text(String json, String key) {
    assertThat(options("{\"concurrencyKey\":" + json + "}").concurrencyKey()).isEqualTo(key);
    assertThat(options("{\"concurrencyKey\":\"" + json + "\"}").concurrencyKey()).isEqualTo(key);
  }

  @Test
  void ATT_12_max_attempts_is_capped_at_the_global_maximum() {
    assertThat(options("{\"maxAttempts\":251}").maxAttempts()).isEqualTo(250);
    assertThat(options("{\"maxAttempts\":2147483647}").maxAttempts()).isEqualTo(250);
    assertThat(options("{\"maxAttempts\":3}").maxAttempts()).isEqualTo(3);
    refused(400, "{\"maxAttempts\":0}");
    refused(400, "{\"maxAttempts\":1.5}");
  }

  @Test
  void DEL_07_a_delay_is_a_duration_from_now_or_a_time() {
    assertThat(options("{\"delay\":\"1h30m\"}").delayUntil()).isEqualTo(NOW.plusSeconds(5_400));
    assertThat(options("{\"delay\":\"2026-03-01T13:30:00Z\"}").delayUntil())
        .isEqualTo(NOW.plusSeconds(5_400));
    assertThat(options("{\"delay\":\"2020-01-01\"}").delayUntil()).isNull(); // no delay
    assertThat(options("{\"delay\":\"999999999w\"}").delayUntil())
        .isEqualTo(Instant.parse("9999-12-31T23:59:59Z"));
    refused(422, "{\"delay\":\"soon\"}");
    refused(422, "{\"delay\":\"\"}");
  }

  @Test
  void PRI_01_a_priority_is_in_seconds_and_may_be_fractional() {
    assertThat(options("{\"priority\":10}").priorityMillis()).isEqualTo(10_000);
    assertThat(options("{\"priority\":0.5}").priorityMillis()).isEqualTo(500);
    assertThat(options("{\"priority\":-3}").priorityMillis()).isEqualTo(-3_000);
    assertThat(options("{\"priority\":1e300}").priorityMillis()).isEqualTo(Integer.MAX_VALUE);
    refused(400, "{\"priority\":\"10\"}");
  }

  @Test
  void TRG_19_a_payload_is_stored_as_it_was_sent() {
    String payload = "{ \"b\":1.0, \"a\" : \"\\u0000\\ud800\", \"n\":-0 }";
    assertThat(read("{\"payload\":  " + payload + " }").payload()).isEqualTo(payload);
    assertThat(read("{\"payload\":null}").payload()).isEqualTo("null");
    assertThat(read("{}").payload()).isNull();
  }

  @Test
  void TRG_19_names_that_the_database_cannot_store_are_refused() {
    refused(400, "{\"tags\":[\"a\\u0000b\"]}");
    refused(400, "{\"tags\":[\"a\\ud800b\"]}");
    refused(400, "{\"concurrencyKey\":\"\\u0000\"}");
    refused(400, "{\"idempotencyKey\":\"\\udc00\"}");
    refused(400, "{\"queue\":{\"name\":\"\\u0000\"}}");
    assertThat(options("{\"tags\":[\"\\ud83d\\ude00\"]}").tags()).containsExactly("😀");
  }

  @Test
  void options_stored_as_json_are_refused_if_the_database_cannot_read_them() {
    refused(400, "{\"gates\":[{\"queue\":\"a\\u0000b\"}]}");
    refused(400, "{\"gates\":[{\"queue\":[\"\\ud800\"]}]}");
    refused(400, "{\"concurrency\":[\"\\u0000\"]}");
    refused(400, "{\"idempotencyKeyOptions\":{\"colour\":{\"deep\":\"\\udc00\"}}}");
    refused(400, "{\"debounce\":{\"key\":\"k\",\"delay\":\"1s\",\"a\\u0000\":1}}");
    String gates = "{\"gates\":[{\"queue\":\"\\ud83d\\ude00\",\"n\":[1,{\"x\":null}]}]}";
    assertThat(options(gates).options()).isEqualTo(gates);
  }

  @Test
  void null_and_unknown_options_are_ignored() {
    NewRun run = options("{\"queue\":null,\"delay\":null,\"tags\":null,\"colour\":[1,{}]}");
    assertThat(run.queue()).isNull();
    assertThat(run.delayUntil()).isNull();
    assertThat(run.tags()).isEmpty();
    assertThat(run.options()).isNull();
  }

  @Test
  void options_without_an_effect_on_the_server_are_stored_as_json() {
    assertThat(options("{\"machine\":\"micro\",\"payloadSize\":3}").options())
        .isEqualTo("{\"machine\":\"micro\",\"payloadSize\":3}");
  }

  @Test
  void max_duration_is_in_seconds_and_clamped() {
    assertThat(options("{\"maxDuration\":60.25}").maxDuration())
        .isEqualTo(Duration.ofMillis(60_250));
    assertThat(options("{\"maxDuration\":0}").maxDuration()).isEqualTo(Duration.ofSeconds(5));
    assertThat(options("{\"maxDuration\":-1e99}").maxDuration()).isEqualTo(Duration.ofSeconds(5));
    assertThat(options("{\"maxDuration\":1e99}").maxDuration())
        .isEqualTo(Duration.ofSeconds(2_147_483_647));
    assertThat(options("{\"maxDuration\":null}").maxDuration()).isNull();
    refused(400, "{\"maxDuration\":\"60\"}");
  }

  private static void refused(int status, String json) {
    assertThatThrownBy(() -> options(json))
        .as(json)
        .isInstanceOfSatisfying(
            HttpError.class, e -> assertThat(e.response().status()).isEqualTo(status));
  }
}
