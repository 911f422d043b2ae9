package dev.fanfare.server.config;

import static dev.fanfare.server.config.ServerSettings.API_RATE;
import static dev.fanfare.server.config.ServerSettings.BATCH_BODY_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.BATCH_ITEMS_MAX;
import static dev.fanfare.server.config.ServerSettings.BATCH_RATE;
import static dev.fanfare.server.config.ServerSettings.BATCH_SEAL_LIMIT;
import static dev.fanfare.server.config.ServerSettings.BODIES_IN_FLIGHT_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.BODY_READ_TIMEOUT;
import static dev.fanfare.server.config.ServerSettings.CANCEL_LIMIT;
import static dev.fanfare.server.config.ServerSettings.CLAIM_MAX;
import static dev.fanfare.server.config.ServerSettings.DATABASE_CONNECTIONS;
import static dev.fanfare.server.config.ServerSettings.DATABASE_DIRECT_URL;
import static dev.fanfare.server.config.ServerSettings.DATABASE_URL;
import static dev.fanfare.server.config.ServerSettings.DEBOUNCE_MAX_DELAY;
import static dev.fanfare.server.config.ServerSettings.DEV_KEY;
import static dev.fanfare.server.config.ServerSettings.ENCRYPTION_KEY;
import static dev.fanfare.server.config.ServerSettings.HOME;
import static dev.fanfare.server.config.ServerSettings.HOST;
import static dev.fanfare.server.config.ServerSettings.IDEMPOTENCY_KEY_TTL;
import static dev.fanfare.server.config.ServerSettings.ITEM_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.LOSSES_MAX;
import static dev.fanfare.server.config.ServerSettings.OUTPUT_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.PACKET_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.PACKET_FOLDER;
import static dev.fanfare.server.config.ServerSettings.PACKET_STORE;
import static dev.fanfare.server.config.ServerSettings.PACKET_URL_LIFE;
import static dev.fanfare.server.config.ServerSettings.PAGE_SIZE_MAX;
import static dev.fanfare.server.config.ServerSettings.POLL_WAIT;
import static dev.fanfare.server.config.ServerSettings.PORT;
import static dev.fanfare.server.config.ServerSettings.PUBLIC_URL;
import static dev.fanfare.server.config.ServerSettings.REPORT_BODY_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.RETRY_IN_PLACE_MAX;
import static dev.fanfare.server.config.ServerSettings.SESSION_LEASE;
import static dev.fanfare.server.config.ServerSettings.SHUTDOWN_GRACE;
import static dev.fanfare.server.config.ServerSettings.SLOTS_MAX;
import static dev.fanfare.server.config.ServerSettings.START_LIMIT;
import static dev.fanfare.server.config.ServerSettings.SWEEP_INTERVAL;
import static dev.fanfare.server.config.ServerSettings.TOKEN_RATE;
import static dev.fanfare.server.config.ServerSettings.TRIGGER_BODY_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.TTL_MAX;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ServerConfigTest {
  private static final int MIB = 1_048_576;

  @Test
  void defaults_are_those_of_the_documentation() {
    ServerConfig config = ServerConfig.defaults();

    assertThat(config.get(HOST)).isEqualTo("127.0.0.1");
    assertThat(config.get(PORT)).isEqualTo(3030);
    assertThat(config.get(DATABASE_URL)).isNull();
    assertThat(config.get(HOME)).isEqualTo(Path.of(".fanfare"));
    assertThat(config.get(DEV_KEY)).isNull();
    assertThat(config.get(ENCRYPTION_KEY)).isNull();
    assertThat(config.get(DATABASE_CONNECTIONS)).isEqualTo(20);
    assertThat(config.get(BATCH_ITEMS_MAX)).isEqualTo(1_000);
    assertThat(config.get(ITEM_BYTES_MAX)).isEqualTo(3_145_728);
    assertThat(config.get(TRIGGER_BODY_BYTES_MAX)).isEqualTo(3_145_728);
    assertThat(config.get(BATCH_BODY_BYTES_MAX)).isEqualTo(64 * MIB);
    assertThat(config.get(BODIES_IN_FLIGHT_BYTES_MAX))
        .isEqualTo(Math.max(Runtime.getRuntime().maxMemory() / 4, 64L * MIB));
    assertThat(config.get(OUTPUT_BYTES_MAX)).isEqualTo(10 * MIB);
    assertThat(config.get(REPORT_BODY_BYTES_MAX)).isEqualTo(32 * MIB);
    assertThat(config.get(PACKET_STORE)).isEqualTo(PacketStoreKind.DATABASE);
    assertThat(config.get(PACKET_FOLDER)).isNull();
    assertThat(config.get(PACKET_BYTES_MAX)).isEqualTo(10 * MIB);
    assertThat(config.get(PACKET_URL_LIFE)).isEqualTo(Duration.ofMinutes(15));
    assertThat(config.get(PUBLIC_URL)).isNull();
    assertThat(config.get(IDEMPOTENCY_KEY_TTL)).isEqualTo(Duration.ofDays(30));
    assertThat(config.get(DEBOUNCE_MAX_DELAY)).isNull();
    assertThat(config.get(TTL_MAX)).isNull();
    assertThat(config.get(SESSION_LEASE)).isEqualTo(Duration.ofSeconds(30));
    assertThat(config.get(BATCH_SEAL_LIMIT)).isEqualTo(Duration.ofMinutes(30));
    assertThat(config.get(START_LIMIT)).isEqualTo(Duration.ofSeconds(60));
    assertThat(config.get(CANCEL_LIMIT)).isEqualTo(Duration.ofSeconds(60));
    assertThat(config.get(LOSSES_MAX)).isEqualTo(5);
    assertThat(config.get(RETRY_IN_PLACE_MAX)).isEqualTo(Duration.ofSeconds(5));
    assertThat(config.get(POLL_WAIT)).isEqualTo(Duration.ofSeconds(15));
    assertThat(config.get(CLAIM_MAX)).isEqualTo(500);
    assertThat(config.get(SLOTS_MAX)).isEqualTo(10_000);
    assertThat(config.get(PAGE_SIZE_MAX)).isEqualTo(100);
    assertThat(config.get(API_RATE)).isEqualTo(new Rate(30_000, 10_000));
    assertThat(config.get(TOKEN_RATE)).isEqualTo(new Rate(1_200, 20));
    assertThat(config.get(BATCH_RATE)).isEqualTo(new Rate(1_000_000, 100_000));
    assertThat(config.get(SWEEP_INTERVAL)).isEqualTo(Duration.ofSeconds(1));
    assertThat(config.get(SHUTDOWN_GRACE)).isEqualTo(Duration.ofSeconds(30));
    assertThat(config.get(BODY_READ_TIMEOUT)).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void a_copy_changes_one_value_and_keeps_the_rest() {
    ServerConfig config =
        ServerConfig.defaults().with(PORT, 0).with(SESSION_LEASE, Duration.ofSeconds(1));

    assertThat(config.get(PORT)).isZero();
    assertThat(config.get(SESSION_LEASE)).isEqualTo(Duration.ofSeconds(1));
    assertThat(config.with(PORT, 3030).with(SESSION_LEASE, Duration.ofSeconds(30)))
        .isEqualTo(ServerConfig.defaults());
  }

  @Test
  void null_makes_aSetting_absent() {
    ServerConfig config = ServerConfig.defaults().with(TTL_MAX, Duration.ofDays(1));

    assertThat(config.get(TTL_MAX)).isEqualTo(Duration.ofDays(1));
    assertThat(config.with(TTL_MAX, null)).isEqualTo(ServerConfig.defaults());
  }

  @Test
  void an_error_text_names_what_is_allowed() {
    assertThatThrownBy(() -> ServerConfig.defaults().with(SESSION_LEASE, Duration.ZERO))
        .hasMessage("FANFARE_SESSION_LEASE must be positive, not 0ms");
    assertThatThrownBy(() -> ServerConfig.defaults().with(PORT, 65_536))
        .hasMessage("FANFARE_PORT must be from 0 to 65535, not 65536");
    assertThatThrownBy(() -> ServerConfig.defaults().with(BATCH_RATE, new Rate(999, 1)))
        .hasMessage("FANFARE_BATCH_RATE must be at least FANFARE_BATCH_ITEMS_MAX (1000), not 999");
  }

  @Test
  void the_body_budget_grows_with_the_longest_body_unless_it_is_set() {
    long larger = Runtime.getRuntime().maxMemory() / 4 + MIB;
    assertThat(
            ServerConfig.defaults()
                .with(BATCH_BODY_BYTES_MAX, (int) larger)
                .get(BODIES_IN_FLIGHT_BYTES_MAX))
        .isEqualTo(larger);
    assertThat(
            ServerConfig.defaults()
                .with(BODIES_IN_FLIGHT_BYTES_MAX, 64L * MIB)
                .get(BODIES_IN_FLIGHT_BYTES_MAX))
        .isEqualTo(64L * MIB);
  }

  @Test
  void its_text_contains_no_secret() {
    ServerConfig config =
        ServerConfig.defaults()
            .with(DEV_KEY, "tr_dev_aaaaaaaaaaaaaaaaaaaaaaaa")
            .with(DATABASE_URL, DatabaseUrl.parse("postgres://ann:s3cret@db/app"));

    assertThat(config.toString()).doesNotContain("aaaa", "s3cret").contains("127.0.0.1:3030");
  }

  static Stream<Arguments> nonsense() {
    Duration nothing = Duration.ZERO;
    Duration negative = Duration.ofMillis(-1);
    return Stream.of(
        refused(HOST, " "),
        refused(PORT, -1),
        refused(PORT, 65_536),
        refused(DEV_KEY, "tr_dev_short"),
        refused(DEV_KEY, "tr_prod_aaaaaaaaaaaaaaaaaaaaaaaa"),
        refused(DEV_KEY, "tr_dev_aaaaaaaaaaaaaaaaaaaaaaa-"),
        refused(ENCRYPTION_KEY, new SecretKeySpec(new byte[16], "AES")),
        refused(DATABASE_CONNECTIONS, 0),
        refused(DATABASE_DIRECT_URL, DatabaseUrl.parse("postgres://db/app")),
        refused(BATCH_ITEMS_MAX, 0),
        refused(ITEM_BYTES_MAX, 0),
        refused(TRIGGER_BODY_BYTES_MAX, 3 * MIB - 1),
        refused(BATCH_BODY_BYTES_MAX, 3 * MIB - 1),
        refused(BODIES_IN_FLIGHT_BYTES_MAX, 64L * MIB - 1),
        refused(OUTPUT_BYTES_MAX, 0),
        refused(REPORT_BODY_BYTES_MAX, 10 * MIB - 1),
        refused(PACKET_BYTES_MAX, 0),
        refusedAfter(
            BODIES_IN_FLIGHT_BYTES_MAX,
            config ->
                config
                    .with(BODIES_IN_FLIGHT_BYTES_MAX, 64L * MIB)
                    .with(PACKET_BYTES_MAX, 65 * MIB)),
        refused(PACKET_URL_LIFE, nothing),
        refused(PACKET_URL_LIFE, Duration.ofDays(8)),
        refused(IDEMPOTENCY_KEY_TTL, nothing),
        refused(DEBOUNCE_MAX_DELAY, nothing),
        refused(TTL_MAX, Duration.ofMillis(999)),
        refused(SESSION_LEASE, nothing),
        refused(START_LIMIT, nothing),
        refused(LOSSES_MAX, 0),
        refused(RETRY_IN_PLACE_MAX, negative),
        refused(POLL_WAIT, nothing),
        refused(CLAIM_MAX, 0),
        refused(SLOTS_MAX, 0),
        refused(PAGE_SIZE_MAX, 0),
        refused(BATCH_RATE, new Rate(999, 1)),
        refused(SWEEP_INTERVAL, nothing),
        refused(SHUTDOWN_GRACE, negative),
        refused(BODY_READ_TIMEOUT, nothing));
  }

  @ParameterizedTest
  @MethodSource("nonsense")
  void an_invalid_value_is_refused_by_the_name_of_its_setting(
      Setting<?> setting, UnaryOperator<ServerConfig> change) {
    assertThatThrownBy(() -> change.apply(ServerConfig.defaults()))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageStartingWith(setting.name() + " must ")
        .hasMessageNotContaining("aaaa");
  }

  private static <T> Arguments refused(Setting<T> setting, T value) {
    return refusedAfter(setting, config -> config.with(setting, value));
  }

  private static Arguments refusedAfter(Setting<?> setting, UnaryOperator<ServerConfig> change) {
    return Arguments.of(setting, change);
  }
}
