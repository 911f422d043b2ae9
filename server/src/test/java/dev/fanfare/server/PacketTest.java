package dev.fanfare.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.packet.Packets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** How long packets are kept. */
class PacketTest {
  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  private static void put(Tenant tenant, String path) {
    engine.components.packet.packets().store(tenant.id(), path, "text/plain", path.getBytes(UTF_8));
  }

  private static boolean has(Tenant tenant, String path) {
    return engine.components.packet.packets().read(tenant.id(), path) != null;
  }

  private static Item stored(String path) {
    return Item.of("task").payload("\"" + path + "\"").payloadType("application/store");
  }

  private static Instant late() {
    return engine.clock.instant().plus(Packets.UNUSED_LIFE).plusSeconds(1);
  }

  @Test
  void an_upload_that_no_run_references_is_pruned_after_a_day_and_not_before() {
    put(tenant, "a");
    engine.sweep("PacketSweep", late().minusSeconds(2));
    assertThat(has(tenant, "a")).isTrue();
    engine.sweep("PacketSweep", late());
    assertThat(has(tenant, "a")).isFalse();
    assertThat(tenant.count("packets")).isZero();
    assertThat(tenant.count("packet_bytes")).isZero();
  }

  @Test
  void a_second_upload_restarts_the_day_before_pruning() {
    put(tenant, "a");
    Instant before = late();
    engine.clock.advance(Duration.ofHours(1));
    put(tenant, "a");
    engine.sweep("PacketSweep", before);
    assertThat(has(tenant, "a")).isTrue();
  }

  @Test
  void packets_referenced_by_single_or_batched_runs_stay_even_if_overwritten() {
    for (String path : new String[] {"single", "first", "second", "nobody's"}) {
      put(tenant, path);
    }
    tenant.trigger(stored("single"));
    tenant.batch(stored("second"), Item.of("task"), stored("first"), stored("second"));
    put(tenant, "single");
    engine.sweep("PacketSweep", late());
    assertThat(has(tenant, "single")).isTrue();
    assertThat(has(tenant, "first")).isTrue();
    assertThat(has(tenant, "second")).isTrue();
    assertThat(has(tenant, "nobody's")).isFalse();
  }

  @Test
  void a_packet_that_a_coalesced_trigger_references_stays() {
    put(tenant, "newest");
    tenant.trigger(Item.of("task").debounce("key", Duration.ofDays(9)));
    tenant.trigger(stored("newest").debounce("key", Duration.ofDays(9)).trailing());
    engine.sweep("PacketSweep", late());
    assertThat(has(tenant, "newest")).isTrue();
  }

  @Test
  void a_payload_that_only_looks_like_a_path_references_nothing() {
    put(tenant, "a");
    tenant.trigger(Item.of("task").payload("\"a\""));
    engine.sweep("PacketSweep", late());
    assertThat(has(tenant, "a")).isFalse();
  }

  @Test
  void a_packet_that_an_output_references_stays() {
    put(tenant, "out");
    put(tenant, "text");
    Worker worker = tenant.worker("task");
    tenant.trigger(Item.of("task"));
    tenant.trigger(Item.of("task"));
    var claimed = worker.claim(2);
    worker.report(
        List.of(),
        List.of(
            success(claimed.get(0), "out", "application/store"),
            success(claimed.get(1), "text", "text/plain")),
        List.of());
    engine.sweep("PacketSweep", late());
    assertThat(has(tenant, "out")).isTrue();
    assertThat(has(tenant, "text")).isFalse();
  }

  private static Finished success(ClaimedRun run, String output, String type) {
    return new Finished(run.runId(), run.fence(), 1, 5, output, type, null, false);
  }

  @Test
  void a_run_references_only_packets_of_its_own_environment() {
    Tenant one = engine.tenant();
    Tenant two = engine.tenant();
    put(one, "a");
    put(two, "a");
    one.trigger(stored("a"));
    engine.sweep("PacketSweep", late());
    assertThat(has(one, "a")).isTrue();
    assertThat(has(two, "a")).isFalse();
  }
}
