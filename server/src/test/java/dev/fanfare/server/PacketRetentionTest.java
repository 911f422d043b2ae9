package dev.fanfare.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.config.PacketStoreKind;
import dev.fanfare.server.config.ServerSettings;
import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.packet.PacketName;
import dev.fanfare.server.packet.PacketRef;
import dev.fanfare.server.packet.PacketStore;
import dev.fanfare.server.packet.Packets;
import dev.fanfare.testkit.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A packet is deleted when the last run that refers to it is dropped. */
class PacketRetentionTest {
  private static final Duration BOUND = Duration.ofSeconds(30);

  /** Longer than the retention and the time that a partition covers. */
  private static final Duration LONG = Duration.ofDays(45);

  private static final String USED =
      "select count(*)::int as n from packets where environment_id = :environment and used";

  @AutoClose final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  private Packets packets() {
    return engine.components.packet.packets();
  }

  private void put(String path) {
    packets().store(tenant.id(), path, "text/plain", path.getBytes(UTF_8));
  }

  private boolean has(String path) {
    return packets().read(tenant.id(), path) != null;
  }

  private static Item stored(String path) {
    return Item.of("task").payload("\"" + path + "\"").payloadType("application/store");
  }

  private void finish(Worker worker, String output) {
    ClaimedRun run = worker.claimOne();
    worker.report(
        List.of(),
        List.of(
            new Finished(run.runId(), run.fence(), 1, 5, output, "application/store", null, false)),
        List.of());
  }

  private void prune() {
    engine.sweep("PacketSweep", engine.clock.instant());
  }

  private void partition() {
    engine.sweep("PartitionSweep", engine.clock.instant());
  }

  private void let(Duration span) {
    partition();
    engine.clock.advance(span);
    partition();
    prune();
  }

  @Test
  void the_packets_of_payload_and_output_go_after_their_run() {
    for (String path : List.of("in", "out", "both", "other")) {
      put(path);
    }
    tenant.trigger(stored("in"));
    finish(tenant.worker("task"), "out");
    tenant.trigger(stored("both"));
    finish(tenant.worker("task"), "both");
    let(Duration.ofDays(20));
    assertThat(has("in")).isTrue();
    assertThat(has("out")).isTrue();
    assertThat(has("both")).isTrue();
    assertThat(has("other")).isFalse();
    assertThat(tenant.count("packet_refs")).isEqualTo(3);
    let(LONG);
    for (String table : List.of("runs", "packet_refs", "packets", "packet_bytes")) {
      assertThat(tenant.count(table)).as(table).isZero();
    }
  }

  @Test
  void a_packet_in_a_folder_goes_after_its_run(@TempDir Path folder) {
    Components disk =
        engine.server(
            Engine.config()
                .with(ServerSettings.PACKET_STORE, PacketStoreKind.DISK)
                .with(ServerSettings.PACKET_FOLDER, folder));
    Packets onDisk = disk.packet.packets();
    onDisk.store(tenant.id(), "a", "text/plain", "a".getBytes(UTF_8));
    tenant.trigger(stored("a"));
    finish(tenant.worker("task"), "none");
    partition();
    engine.clock.advance(LONG);
    onDisk.prune(tenant.id(), engine.clock.instant(), 100);
    assertThat(onDisk.has(tenant.id(), "a")).isTrue();
    partition();
    onDisk.prune(tenant.id(), engine.clock.instant(), 100);
    assertThat(onDisk.has(tenant.id(), "a")).isFalse();
    assertThat(tenant.count("packets")).isZero();
  }

  @Test
  void a_packet_stays_as_long_as_a_later_run_refers_to_it() {
    put("a");
    tenant.trigger(stored("a"));
    finish(tenant.worker("task"), "none");
    let(Duration.ofDays(28));
    UUID later = tenant.trigger(stored("a"));
    finish(tenant.worker("task"), "none");
    let(Duration.ofDays(28));
    assertThat(tenant.count("runs")).isEqualTo(1);
    assertThat(tenant.run(later).payload()).isEqualTo("\"a\"");
    assertThat(has("a")).isTrue();
    let(Duration.ofDays(28));
    assertThat(tenant.count("packets")).isZero();
  }

  @Test
  void the_packet_of_a_run_that_is_not_final_stays() {
    put("a");
    put("new data");
    tenant.trigger(stored("a").delayUntil(engine.clock.instant().plus(Duration.ofDays(400))));
    tenant.trigger(Item.of("task").debounce("key", Duration.ofDays(400)));
    tenant.trigger(stored("new data").debounce("key", Duration.ofDays(400)).trailing());
    let(LONG);
    let(LONG);
    assertThat(has("a")).isTrue();
    assertThat(has("new data")).isTrue();
    assertThat(tenant.count("packet_refs")).isEqualTo(2);
  }

  @Test
  void a_packet_that_is_uploaded_after_the_trigger_stays_with_the_run() {
    tenant.trigger(stored("a").delayUntil(engine.clock.instant().plus(LONG)));
    put("a");
    engine.sweep("PacketSweep", engine.clock.instant().plus(Packets.UNUSED_LIFE).plusSeconds(1));
    assertThat(has("a")).isTrue();
  }

  /** Drops the only run of packet "a", so that only the sweep of the packets is left. */
  private void dropRun() {
    put("a");
    tenant.trigger(stored("a"));
    finish(tenant.worker("task"), "none");
    partition();
    engine.clock.advance(LONG);
    partition();
    assertThat(tenant.count("runs")).isZero();
    assertThat(tenant.count("packet_refs")).isZero();
  }

  @Test
  void a_trigger_that_has_not_committed_keeps_the_packet() {
    dropRun();
    whileNaming("a", this::prune);
    prune();
    assertThat(has("a")).isTrue();
    assertThat(tenant.number(USED)).isEqualTo(1);
  }

  @Test
  void a_trigger_that_has_not_committed_keeps_a_packet_that_loses_its_other_runs() {
    put("a");
    tenant.trigger(stored("a"));
    engine.clock.advance(LONG);
    whileNaming(
        "a",
        () -> {
          engine.database.transaction(tx -> {
            new PacketStore().release(tx, List.of(new PacketName(tenant.id(), "a")));
            return null;
          });
          assertThat(tenant.number(USED)).isZero();
          prune();
        });
    engine.database.transaction(
        tenant.id(),
        tx ->
            tx.sql(
                    """
                    delete from packet_refs
                     where environment_id = :environment
                       and run_id <> :run_id
                    """)
                .bind("run_id", nextRunId())
                .update());
    prune();
    assertThat(has("a")).isTrue();
    assertThat(tenant.number(USED)).isEqualTo(1);
  }

  /** Does something while a transaction that has named a packet is still open. */
  private void whileNaming(String path, Runnable action) {
    engine.database.transaction(
        tenant.id(),
        tx -> {
          new PacketStore().keep(tx, List.of(new PacketRef(nextRunId(), path)));
          tx.now(); // sends it
          FutureTask<Void> task = new FutureTask<>(action, null);
          Thread.ofVirtual().start(task);
          assertThat(task).succeedsWithin(BOUND);
          return null;
        });
  }

  private UUID nextRunId() {
    long millis = engine.clock.instant().toEpochMilli();
    return new UUID(millis << 16 | 0x7000, 0x8000_0000_0000_0000L);
  }

  @Test
  void a_trigger_waits_for_the_deletion_of_the_packet_that_it_names() {
    dropRun();
    FutureTask<UUID> trigger = new FutureTask<>(() -> tenant.trigger(stored("a")));
    engine.database.transaction(
        tenant.id(),
        tx -> {
          tx.sql(
                  """
                  select path
                    from packets
                   where environment_id = :environment
                     for update
                  """)
              .list(r -> r.text("path"));
          Thread.ofVirtual().start(trigger);
          Await.until("the trigger waits for the packet", BOUND, this::isLockAwaited);
          return tx.sql("delete from packets where environment_id = :environment").update();
        });
    assertThat(trigger).succeedsWithin(BOUND);
    assertThat(tenant.count("packets")).isZero();
    assertThat(tenant.count("runs")).isEqualTo(1);
  }

  private boolean isLockAwaited() {
    return tenant.number("select count(*)::int as n from pg_locks where not granted") > 0;
  }

  @Test
  void concurrent_triggers_that_name_the_same_packets_do_not_wait_for_each_other() {
    put("a");
    tenant.trigger(stored("a"));
    whileNaming("a", () -> tenant.trigger(stored("a")));
    assertThat(tenant.count("packet_refs")).isEqualTo(3);
  }
}
