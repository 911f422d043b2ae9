package dev.fanfare.server.config;

import static dev.fanfare.server.config.ServerSettings.ENCRYPTION_KEY;
import static dev.fanfare.server.config.ServerSettings.PORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.server.config.Settings.Entry;
import dev.fanfare.server.config.Settings.Origin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
  private static final String DEV_KEY = "tr_dev_abcdefghijklmnopqrstuvwx";
  private static final String KEY = Base64.getEncoder().encodeToString(new byte[32]);

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          HOST                       , 0.0.0.0                    , 0.0.0.0
          PORT                       , 0                          , 0
          DATABASE_URL               , postgres://a:s3cret@db/app , postgresql://a:****@db/app
          HOME                       , /var/lib/fanfare           , /var/lib/fanfare
          DATABASE_CONNECTIONS       , 8                          , 8
          BATCH_ITEMS_MAX            , 500                        , 500
          ITEM_BYTES_MAX             , 1MB                        , 1000000
          TRIGGER_BODY_BYTES_MAX     , 4194304                    , 4MiB
          BATCH_BODY_BYTES_MAX       , 32MiB                      , 32MiB
          BODIES_IN_FLIGHT_BYTES_MAX , 4GiB                       , 4GiB
          OUTPUT_BYTES_MAX           , 512KiB                     , 512KiB
          REPORT_BODY_BYTES_MAX      , 20mb                       , 20000000
          PACKET_STORE               , disk                       , disk
          PACKET_FOLDER              , /var/lib/packets           , /var/lib/packets
          PACKET_BYTES_MAX           , 20MiB                      , 20MiB
          PACKET_URL_LIFE            , 5m                         , 5m
          PUBLIC_URL                 , https://tasks.example/base , https://tasks.example/base
          IDEMPOTENCY_KEY_TTL        , 48h                        , 2d
          DEBOUNCE_MAX_DELAY         , 1h                         , 60m
          TTL_MAX                    , 14d                        , 14d
          SESSION_LEASE              , 1s                         , 1s
          START_LIMIT                , 5m                         , 5m
          LOSSES_MAX                 , 3                          , 3
          RETRY_IN_PLACE_MAX         , 0s                         , 0ms
          POLL_WAIT                  , 1500ms                     , 1500ms
          CLAIM_MAX                  , 50                         , 50
          SLOTS_MAX                  , 20                         , 20
          PAGE_SIZE_MAX              , 25                         , 25
          API_RATE                   , 750+25/s                   , 750+25/s
          TOKEN_RATE                 , none                       , none
          BATCH_RATE                 , 1200+10/s                  , 1200+10/s
          SWEEP_INTERVAL             , 100ms                      , 100ms
          SHUTDOWN_GRACE             , 90s                        , 90s
          BODY_READ_TIMEOUT          , 1m                         , 60s
          LOG_LEVEL                  , DEBUG                      , debug
          LOG_FORMAT                 , json                       , json
          DEV_KEY                    , tr_dev_abcdefghijklmnopqrstuvwx , ****
          ENCRYPTION_KEY             , AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= , ****
          """)
  void every_setting_is_read_from_the_environment_and_from_a_file(
      String name, String text, String shown) throws IOException {
    Settings fromEnvironment = read(Map.of("FANFARE_" + name, text));
    assertThat(fromEnvironment.entries())
        .contains(new Entry("FANFARE_" + name, shown, Origin.ENVIRONMENT));
    assertThat(fromEnvironment.warnings()).isEmpty();

    write("fanfare." + Setting.key(name) + " = " + text);
    Settings fromFile = read(Map.of());
    assertThat(fromFile.entries()).contains(new Entry("FANFARE_" + name, shown, Origin.FILE));
    assertThat(fromFile.warnings()).isEmpty();
    assertThat(fromFile.config()).isEqualTo(fromEnvironment.config());
  }

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          PORT                  , 3030.5
          PORT                  , 99999999999
          DATABASE_CONNECTIONS  , many
          ITEM_BYTES_MAX        , 3 MB
          ITEM_BYTES_MAX        , 3TB
          BATCH_BODY_BYTES_MAX  , 3GiB
          OUTPUT_BYTES_MAX      , -1
          BODIES_IN_FLIGHT_BYTES_MAX , 999999999999GiB
          SESSION_LEASE         , 30
          SESSION_LEASE         , 1.5s
          SESSION_LEASE         , -1s
          IDEMPOTENCY_KEY_TTL   , 999999999999999d
          API_RATE              , 750
          API_RATE              , 750+25/m
          API_RATE              , 0+25/s
          API_RATE              , 750+0/s
          PACKET_STORE          , DISK
          PACKET_STORE          , cloud
          LOG_LEVEL             , loud
          LOG_FORMAT            , xml
          """)
  void an_unreadable_value_is_rejected_with_its_text(String name, String text) {
    assertThatThrownBy(() -> read(Map.of("FANFARE_" + name, text)))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageStartingWith("FANFARE_" + name + " must be ")
        .hasMessageEndingWith("not \"" + text + "\"");
  }

  @ParameterizedTest
  @CsvSource({
    "DEV_KEY, s3cret",
    "ENCRYPTION_KEY, s3cret",
    "ENCRYPTION_KEY, s3cretAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "DATABASE_URL, s3cret",
    "DATABASE_DIRECT_URL, s3cret",
    "PUBLIC_URL, tasks.example",
    "PUBLIC_URL, ftp://tasks.example",
    "PUBLIC_URL, https://ann:s3cret@tasks.example",
    "PUBLIC_URL, https://tasks.example?a=s3cret"
  })
  void a_value_that_may_be_a_secret_is_not_repeated(String name, String text) {
    assertThatThrownBy(() -> read(Map.of("FANFARE_" + name, text)))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageStartingWith("FANFARE_" + name + " must ")
        .hasMessageNotContaining("s3cret");
  }

  @Test
  void the_environment_overrides_the_file_and_the_file_overrides_the_default() throws IOException {
    write("fanfare.port = 4000", "fanfare.host = localhost");

    Settings settings = read(Map.of("FANFARE_PORT", "5000"));

    assertThat(settings.entries())
        .contains(
            new Entry("FANFARE_PORT", "5000", Origin.ENVIRONMENT),
            new Entry("FANFARE_HOST", "localhost", Origin.FILE),
            new Entry("FANFARE_CLAIM_MAX", "500", Origin.DEFAULT),
            new Entry("FANFARE_DATABASE_URL", "(embedded PostgreSQL)", Origin.DEFAULT));
  }

  @Test
  void a_blank_value_counts_as_not_set() throws IOException {
    write("fanfare.port = 4000", "fanfare.host =");

    Settings settings = read(Map.of("FANFARE_PORT", "", "FANFARE_DATABASE_URL", " "));

    assertThat(settings.config()).isEqualTo(ServerConfig.defaults().with(PORT, 4000));
  }

  @Test
  void another_file_can_be_named_but_then_it_must_exist() throws IOException {
    Files.writeString(folder.resolve("other.conf"), "fanfare.port = 4000");
    write("fanfare.port = 5000");

    assertThat(read(Map.of("FANFARE_CONFIG", "other.conf")).config().get(PORT)).isEqualTo(4000);
    assertThatThrownBy(() -> read(Map.of("FANFARE_CONFIG", "missing.conf")))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageContaining("missing.conf");
  }

  @Test
  void an_unknown_setting_is_reported() throws IOException {
    write("fanfare.prot = 4000", "FANFARE_HOST = localhost", "other = 1");

    Settings settings = read(Map.of("FANFARE_DATABSE_URL", "x", "FANFARE_JAVA", "/j", "HOME", "/"));

    assertThat(settings.warnings())
        .extracting(warning -> warning.replaceFirst(" in .*fanfare.properties", ""))
        .containsExactly(
            "FANFARE_DATABSE_URL is not a Fanfare setting and has no effect; "
                + "did you mean FANFARE_DATABASE_URL?",
            "FANFARE_HOST is not a Fanfare setting and has no effect; "
                + "did you mean fanfare.host?",
            "fanfare.prot is not a Fanfare setting and has no effect; "
                + "did you mean fanfare.port?",
            "other is not a Fanfare setting and has no effect");
    assertThat(settings.config()).isEqualTo(ServerConfig.defaults());
  }

  @Test
  void secrets_reach_only_the_server() {
    Settings settings = read(Map.of("FANFARE_DEV_KEY", DEV_KEY, "FANFARE_ENCRYPTION_KEY", KEY));

    assertThat(settings.config().get(ServerSettings.DEV_KEY)).isEqualTo(DEV_KEY);
    assertThat(settings.config().get(ENCRYPTION_KEY).getEncoded()).isEqualTo(new byte[32]);
    assertThat(settings.entries().toString()).doesNotContain(DEV_KEY, KEY);
  }

  @Test
  void an_encryption_key_may_be_hexadecimal() {
    ServerConfig config = read(Map.of("FANFARE_ENCRYPTION_KEY", "0a".repeat(32))).config();

    assertThat(config.get(ENCRYPTION_KEY).getEncoded()).containsOnly(10).hasSize(32);
  }

  private Settings read(Map<String, String> environment) {
    return Settings.read(environment, folder);
  }

  private void write(String... lines) throws IOException {
    Files.writeString(folder.resolve("fanfare.properties"), String.join("\n", lines));
  }
}
