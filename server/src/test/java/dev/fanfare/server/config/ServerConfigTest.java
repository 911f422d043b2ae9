package dev.fanfare.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ServerConfigTest {
  private static final int MIB = 1_048_576;

  @Test
  void defaultsAreThoseOfTheDocumentation() {
    ServerConfig config = ServerConfig.defaults();

    assertThat(config)
        .isEqualTo(
            new ServerConfig(
                "127.0.0.1",
                3030,
                null,
                Path.of(".fanfare"),
                null,
                null,
                16,
                1_000,
                3_145_728,
                3_145_728,
                64 * MIB,
                Math.max(Runtime.getRuntime().maxMemory() / 4, 64L * MIB),
                10 * MIB,
                64 * MIB,
                PacketStoreKind.DATABASE,
                null,
                10 * MIB,
                Duration.ofMinutes(15),
                null,
                Duration.ofDays(30),
                null,
                null,
                Duration.ofSeconds(30),
                Duration.ofMinutes(30),
                Duration.ofSeconds(60),
                Duration.ofSeconds(60),
                5,
                Duration.ofSeconds(5),
                Duration.ofSeconds(15),
                500,
                10_000,
                100,
                new Rate(30_000, 10_000),
                new Rate(1_200, 20),
                new Rate(1_000_000, 100_000),
                Duration.ofMillis(250),
                Duration.ofSeconds(30),
                Duration.ofSeconds(30)));
  }

  @Test
  void aBuilderChangesWhatItIsToldAndKeepsTheRest() {
    ServerConfig config =
        ServerConfig.defaults().toBuilder().port(0).sessionLease(Duration.ofSeconds(1)).build();

    assertThat(config.port()).isZero();
    assertThat(config.sessionLease()).isEqualTo(Duration.ofSeconds(1));
    assertThat(config.toBuilder().port(3030).sessionLease(Duration.ofSeconds(30)).build())
        .isEqualTo(ServerConfig.defaults());
  }

  @Test
  void theBudgetOfBodiesGrowsWithTheLongestBodyUnlessItIsSet() {
    long larger = Runtime.getRuntime().maxMemory() / 4 + MIB;
    assertThat(builder().batchBodyBytesMax((int) larger).build().bodiesInFlightBytesMax())
        .isEqualTo(larger);
    assertThat(builder().bodiesInFlightBytesMax(64 * MIB).build().bodiesInFlightBytesMax())
        .isEqualTo(64 * MIB);
  }

  @Test
  void itsTextHoldsNoSecret() {
    ServerConfig config =
        builder()
            .devKey("tr_dev_aaaaaaaaaaaaaaaaaaaaaaaa")
            .databaseUrl(DatabaseUrl.parse("postgres://ann:s3cret@db/app"))
            .build();

    assertThat(config.toString()).doesNotContain("aaaa", "s3cret").contains("127.0.0.1:3030");
  }

  static Stream<Arguments> nonsense() {
    Duration nothing = Duration.ZERO;
    Duration negative = Duration.ofMillis(-1);
    return Stream.of(
        Arguments.of("HOST", builder().host(" ")),
        Arguments.of("PORT", builder().port(-1)),
        Arguments.of("PORT", builder().port(65_536)),
        Arguments.of("DEV_KEY", builder().devKey("tr_dev_short")),
        Arguments.of("DEV_KEY", builder().devKey("tr_prod_aaaaaaaaaaaaaaaaaaaaaaaa")),
        Arguments.of("DEV_KEY", builder().devKey("tr_dev_aaaaaaaaaaaaaaaaaaaaaaa-")),
        Arguments.of(
            "ENCRYPTION_KEY", builder().encryptionKey(new SecretKeySpec(new byte[16], "AES"))),
        Arguments.of("DATABASE_CONNECTIONS", builder().databaseConnections(0)),
        Arguments.of("BATCH_ITEMS_MAX", builder().batchItemsMax(0)),
        Arguments.of("ITEM_BYTES_MAX", builder().itemBytesMax(0)),
        Arguments.of("TRIGGER_BODY_BYTES_MAX", builder().triggerBodyBytesMax(3 * MIB - 1)),
        Arguments.of("BATCH_BODY_BYTES_MAX", builder().batchBodyBytesMax(3 * MIB - 1)),
        Arguments.of("BODIES_IN_FLIGHT_BYTES_MAX", builder().bodiesInFlightBytesMax(64 * MIB - 1)),
        Arguments.of("OUTPUT_BYTES_MAX", builder().outputBytesMax(0)),
        Arguments.of("REPORT_BODY_BYTES_MAX", builder().reportBodyBytesMax(10 * MIB - 1)),
        Arguments.of("PACKET_BYTES_MAX", builder().packetBytesMax(0)),
        Arguments.of(
            "BODIES_IN_FLIGHT_BYTES_MAX",
            builder().bodiesInFlightBytesMax(64 * MIB).packetBytesMax(65 * MIB)),
        Arguments.of("PACKET_URL_LIFE", builder().packetUrlLife(nothing)),
        Arguments.of("PACKET_URL_LIFE", builder().packetUrlLife(Duration.ofDays(8))),
        Arguments.of("IDEMPOTENCY_KEY_TTL", builder().idempotencyKeyTtl(nothing)),
        Arguments.of("DEBOUNCE_MAX_DELAY", builder().debounceMaxDelay(nothing)),
        Arguments.of("TTL_MAX", builder().ttlMax(Duration.ofMillis(999))),
        Arguments.of("SESSION_LEASE", builder().sessionLease(nothing)),
        Arguments.of("START_LIMIT", builder().startLimit(nothing)),
        Arguments.of("LOSSES_MAX", builder().lossesMax(0)),
        Arguments.of("RETRY_IN_PLACE_MAX", builder().retryInPlaceMax(negative)),
        Arguments.of("POLL_WAIT", builder().pollWait(nothing)),
        Arguments.of("CLAIM_MAX", builder().claimMax(0)),
        Arguments.of("SLOTS_MAX", builder().slotsMax(0)),
        Arguments.of("PAGE_SIZE_MAX", builder().pageSizeMax(0)),
        Arguments.of("BATCH_RATE", builder().batchRate(new Rate(999, 1))),
        Arguments.of("SWEEP_INTERVAL", builder().sweepInterval(nothing)),
        Arguments.of("SHUTDOWN_GRACE", builder().shutdownGrace(negative)),
        Arguments.of("BODY_READ_TIMEOUT", builder().bodyReadTimeout(nothing)));
  }

  @ParameterizedTest
  @MethodSource("nonsense")
  void refusesNonsenseByTheNameOfTheSetting(String setting, ServerConfigBuilder builder) {
    assertThatThrownBy(builder::build)
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageStartingWith("FANFARE_" + setting + " must ")
        .hasMessageNotContaining("aaaa");
  }

  private static ServerConfigBuilder builder() {
    return new ServerConfigBuilder();
  }
}
