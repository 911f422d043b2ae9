package dev.fanfare.server.config;

import static dev.fanfare.server.config.ServerSettings.BATCH_BODY_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.ITEM_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.OUTPUT_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.PACKET_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.REPORT_BODY_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.TRIGGER_BODY_BYTES_MAX;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.server.config.RequestMemory.Decoding;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

class RequestMemoryTest {
  private static final long MIB = 1024 * 1024;

  /** What the parallel collector reports for the heap of the launcher, {@code -Xmx256m}. */
  private static final long LAUNCHER_HEAP = 245 * MIB;

  private static final List<Setting<Integer>> SIZES =
      List.of(
          ITEM_BYTES_MAX,
          TRIGGER_BODY_BYTES_MAX,
          BATCH_BODY_BYTES_MAX,
          OUTPUT_BYTES_MAX,
          REPORT_BODY_BYTES_MAX,
          PACKET_BYTES_MAX);

  @Test
  void the_default_limits_fit_the_heap_of_the_launcher() {
    long ofOne = RequestMemory.total(LAUNCHER_HEAP) / 16 * 15;
    assertThat(Decoding.TEXTS.cost(64 * MIB)).isLessThan(ofOne);
    assertThat(Decoding.LONG_TEXTS.cost(32 * MIB)).isLessThan(ofOne);
  }

  @ParameterizedTest
  @FieldSource("SIZES")
  void a_size_that_cannot_fit_the_heap_is_refused_with_the_way_out(Setting<Integer> size) {
    assertThatThrownBy(() -> ServerConfig.defaults().with(size, Integer.MAX_VALUE).get(size))
        .isInstanceOf(InvalidSettingException.class)
        .hasMessageStartingWith(size.name() + " must")
        .hasMessageContaining("a heap of " + Runtime.getRuntime().maxMemory() / MIB + "MiB")
        .hasMessageContaining("Set at most ")
        .hasMessageContaining("FANFARE_JAVA_OPTS");
  }

  @ParameterizedTest
  @EnumSource
  void the_largest_body_costs_what_there_is(Decoding decoding) {
    for (long memory : List.of(MIB, 20 * MIB, 100 * MIB, 3_000 * MIB)) {
      long largest = decoding.largest(memory);
      assertThat(decoding.cost(largest)).isBetween(memory - 100, memory);
      assertThat(RequestMemory.total(RequestMemory.heapMiB(memory) * MIB)).isGreaterThan(memory);
    }
  }
}
