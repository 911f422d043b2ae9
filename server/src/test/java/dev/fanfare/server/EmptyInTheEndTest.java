package dev.fanfare.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.access.KeyCipher;
import dev.fanfare.server.access.Keys;
import dev.fanfare.server.access.OneTimeToken;
import dev.fanfare.server.batch.AnnounceBatch;
import dev.fanfare.server.batch.ItemStream;
import dev.fanfare.server.batch.StreamedItem;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.Source;
import dev.fanfare.server.text.Hash;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Nothing is stored for ever: whatever its use filled, each table is empty in the end. */
class EmptyInTheEndTest {
  /** The tables that keep rows, with the reason. */
  private static final Map<String, String> KEPT =
      Map.of(
          "retention_walks", "there are two for each environment with a retention of its own",
          "environments", "there is one for each environment, however long it is used",
          "secret_keys", "an operator creates and revokes them");

  /** Longer than any key, token or run lives. */
  private static final int WEEKS = 60;

  private static final Duration WEEK = Duration.ofDays(7);

  @AutoClose final Engine engine = Engine.start();

  private void createKeys() {
    new Keys(engine.database, new KeyCipher(new byte[32]), new TimeOrderedIds(engine.clock))
        .setUp(null);
  }

  @Test
  void every_table_that_was_filled_is_empty_after_a_year() {
    createKeys();
    Tenant tenant = engine.tenant();
    fill(tenant);
    engine.tenant().keepFor("1d");
    engine.sweep("RetentionSweep", engine.clock.instant());
    Map<String, Integer> filled = counts();
    assertThat(filled.keySet()).isEqualTo(Layout.schemaTables());
    assertThat(filled)
        .as("rows of each table, which this test has to fill")
        .allSatisfy((table, n) -> assertThat(n).as(table).isPositive());

    finishAll(tenant);
    for (int week = 0; week < WEEKS; week++) {
      engine.clock.advance(WEEK);
      sweepAll();
    }
    Map<String, Integer> left = counts();
    left.values().removeIf(n -> n == 0);
    assertThat(left.keySet())
        .as("tables with rows in the end: bound them, or state the reason in KEPT")
        .isEqualTo(new TreeSet<>(KEPT.keySet()));
  }

  private Map<String, Integer> counts() {
    Map<String, Integer> counts = new TreeMap<>();
    for (String table : Layout.schemaTables()) {
      counts.put(
          table,
          engine.database.transaction(
              tx -> tx.sql("select count(*)::int as n from " + table).first(r -> r.integer("n"))));
    }
    return counts;
  }

  private void sweepAll() {
    for (Sweep sweep : engine.components.sweeps()) {
      engine.sweep(sweep.getClass().getSimpleName(), engine.clock.instant());
    }
  }

  private void fill(Tenant tenant) {
    Duration year = Duration.ofDays(365);
    engine.components.packet.packets().store(tenant.id(), "in", "text/plain", "1".getBytes(UTF_8));
    tenant.trigger(
        Item.of("a")
            .payload("\"in\"")
            .payloadType("application/store")
            .tags("t")
            .metadata("{}")
            .concurrencyKey("customer 1")
            .key("k", year));
    tenant.triggered(Item.of("a"), Hash.of("request"));
    tenant.triggered(
        Item.of("a"), new OneTimeToken("%064x".formatted(1), engine.clock.instant().plus(year)));
    tenant.batch("batch key", null, Item.of("a"), Item.of("a"));
    leaveUnsealed(tenant);
    tenant.trigger(Item.of("a").ttl(Duration.ofHours(1)));
    tenant.trigger(Item.of("late").delayUntil(engine.clock.instant().plus(Duration.ofDays(100))));
    tenant.trigger(Item.of("b").debounce("key", Duration.ofDays(3)));

    tenant.trigger(Item.of("limited"));
    tenant.trigger(Item.of("limited").ttl(Duration.ofDays(200))); // claimed long before
    Worker dies = tenant.workerOf("2", Tenant.limited("limited", "queue", 2));
    assertThat(dies.claim(2)).hasSize(2);
    tenant.trigger(Item.of("limited").lockToVersion("2"));
    tenant.trigger(Item.of("limited").queue("queue"));
    assertThat(dies.claim(1)).hasSize(1);

    UUID parent = tenant.trigger(Item.of("canceled"));
    tenant.cancel(parent);
    tenant.trigger(Item.of("canceled").parent(parent));

    tenant.trigger(Item.of("undeclared"));
    tenant.park();
    tenant.trigger(Item.of("undeclared").ttl(Duration.ofDays(1)));
  }

  /** Announces a batch, and stores one item alone and many that follow each other. */
  private void leaveUnsealed(Tenant tenant) {
    UUID batchId =
        engine
            .components
            .batch
            .announceBatch()
            .announce(
                tenant.id(),
                new AnnounceBatch.Announcement(
                    300, null, new NewRun.Key("unsealed", Item.KEY_LIFE), null, null))
            .orElseThrow(HttpError::of)
            .batchId();
    engine
        .components
        .batch
        .addItems()
        .add(tenant.id(), batchId, Source.API, new Items())
        .orElseThrow(HttpError::of);
  }

  /** The first item, and the last two hundred. */
  private static final class Items implements ItemStream {
    private int next;

    @Override
    public StreamedItem next() {
      if (next == 300) {
        return null;
      }
      StreamedItem item = new StreamedItem(next, read(""), new byte[] {'{', '}'});
      next = Math.max(100, next + 1);
      return item;
    }

    @Override
    public NewRun read(String text) {
      return Item.of("a").toRun();
    }
  }

  /** Lets a worker execute all that waits, as long as there is any. */
  private void finishAll(Tenant tenant) {
    for (int month = 0; month < 5; month++) {
      engine.clock.advance(Duration.ofDays(30));
      sweepAll(); // the worker that holds the first runs is dead by then
      Worker worker =
          tenant.workerOf(
              "2",
              Tenant.task("a"),
              Tenant.task("b"),
              Tenant.task("late"),
              Tenant.limited("limited", "queue", 2),
              Tenant.task("undeclared"));
      engine.sweep("ParkedSweep", engine.clock.instant());
      for (List<ClaimedRun> runs = worker.claim(100); !runs.isEmpty(); runs = worker.claim(100)) {
        runs.forEach(run -> worker.succeed(run, "1"));
      }
      worker.close();
    }
    for (String table : List.of("ready", "delays", "parked", "leases")) {
      assertThat(tenant.count(table)).as("runs in %s", table).isZero();
    }
  }
}
