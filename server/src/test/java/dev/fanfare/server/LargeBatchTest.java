package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.server.batch.AddItems;
import dev.fanfare.server.batch.AnnounceBatch;
import dev.fanfare.server.batch.Batch;
import dev.fanfare.server.batch.ItemStream;
import dev.fanfare.server.batch.StreamedItem;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.queue.OutdatedLaneException;
import dev.fanfare.server.run.NamedParent;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.run.Source;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.PrimitiveIterator;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Streamed batches that do not fit into the memory of a stream, so that their items are stored. */
class LargeBatchTest {
  @AutoClose static final Engine engine = Engine.start();

  /** A stream stores its items whenever it has as many. */
  private static final int BUFFER = 10_000;

  final Tenant tenant = engine.tenant();

  private UUID announce(int count, UUID parent) {
    return engine
        .components
        .batch
        .announceBatch()
        .announce(
            tenant.id(),
            new AnnounceBatch.Announcement(
                count, parent == null ? null : new NamedParent(parent, true), null, null, null))
        .orElseThrow(HttpError::of)
        .batchId();
  }

  private AddItems.Added add(UUID batch, ItemStream items) {
    return engine
        .components
        .batch
        .addItems()
        .add(tenant.id(), batch, Source.SDK, items)
        .orElseThrow(HttpError::of);
  }

  /**
   * Items whose lines are their indexes.
   *
   * @param cut whether the stream breaks after them
   */
  private record Items(PrimitiveIterator.OfInt indexes, IntFunction<Item> items, boolean cut)
      implements ItemStream {
    static Items of(int from, int end, IntFunction<Item> items) {
      return new Items(IntStream.range(from, end).iterator(), items, false);
    }

    static Items cut(int from, int end, IntFunction<Item> items) {
      return new Items(IntStream.range(from, end).iterator(), items, true);
    }

    @Override
    public StreamedItem next() {
      if (!indexes.hasNext()) {
        if (cut) {
          throw new UncheckedIOException(new IOException("the client went away"));
        }
        return null;
      }
      int index = indexes.nextInt();
      String line = Integer.toString(index);
      return new StreamedItem(index, read(line), line.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public NewRun read(String text) {
      return items.apply(Integer.parseInt(text)).toRun();
    }
  }

  private static Item plain(int i) {
    return Item.of("a").payload("{\"i\":" + i + "}");
  }

  /** Rows of runs and their places, without what differs between two batches. */
  private List<String> rows(UUID batch) {
    return engine.database.transaction(
        tenant.id(),
        tx ->
            tx.sql(
                    """
                    select (to_jsonb(r) - 'run_id' - 'batch_id' - 'rank' - 'created_at')::text
                             || ' rank ' || r.rank - min(r.rank) over ()
                             || ' id ' || row_number() over (order by r.run_id)
                             || ' ready ' || (select count(*) || ' ' || coalesce(sum(y.rank - r.rank), 0)
                                                from ready_runs y
                                               where y.environment_id = r.environment_id
                                                 and y.run_id = r.run_id)
                             || ' lane ' || coalesce((select (y.lane_id = r.lane_id)::text
                                                from ready_runs y
                                               where y.environment_id = r.environment_id
                                                 and y.run_id = r.run_id), '')
                             || ' metadata ' || coalesce((select m.metadata
                                                from run_metadata m
                                               where m.environment_id = r.environment_id
                                                 and m.run_id = r.run_id), '')
                             || ' tags ' || (select count(*)
                                                from run_tags g
                                               where g.environment_id = r.environment_id
                                                 and g.run_id = r.run_id
                                                 and g.tag = any (r.tags))
                             || ' expires ' || coalesce((select (e.expires_at - r.created_at)::text
                                                from expiries e
                                               where e.environment_id = r.environment_id
                                                 and e.run_id = r.run_id
                                                 and e.rank = r.rank), '') as row
                      from runs r
                     where r.environment_id = :environment
                       and r.batch_id = :batch_id
                     order by r.batch_index
                    """)
                .bind("batch_id", batch)
                .list(r -> r.text("row")));
  }

  /** Items of every kind: long stretches of one lane, of changing lanes, and others in between. */
  private static Item mixed(int i) {
    Item item = Item.of(i < 4_000 ? "a" : i < 4_500 ? "task-" + i % 7 : "limited");
    if (i % 5 != 0) {
      item.payload("{\"i\":" + i + ",\"text\":\"ü\\\"{}\"}");
    }
    if (i >= 2_000 && i < 4_200) {
      item.tags("a \"tag\"", "t" + i % 3).metadata("{\"m\":" + i + "}");
    }
    if (i % 7 == 0) {
      item.maxAttempts(3).maxDuration(Duration.ofSeconds(i + 10)).options("{\"machine\":\"m\"}");
    }
    if (i % 11 == 0) {
      item.payloadType("text/plain").test();
    }
    if (i >= 4_700 && i < 4_900) {
      item.concurrencyKey("customer-" + i % 9);
    }
    return switch (i) {
      case 150 -> item.key("key " + i);
      case 151 -> item.priority(Duration.ofSeconds(3));
      case 152 -> item.ttl(Duration.ofHours(1));
      case 4_600 -> item.lockToVersion("unknown");
      default -> item;
    };
  }

  @Test
  void items_that_were_stored_become_the_same_runs_as_those_that_were_not() {
    tenant.worker(
        new TaskDefinition("limited", null, new RetryPolicy(1, 0, 0, 1, false), null, 90_000L));
    int count = 5_000;
    UUID parent = tenant.trigger(Item.of("parent"));
    UUID atOnce = announce(count, parent);
    assertThat(add(atOnce, Items.of(0, count, LargeBatchTest::mixed)).sealed()).isTrue();
    engine.database.transaction(tenant.id(), tx -> tx.sql("delete from idempotency_keys").update());
    UUID stored = announce(count, parent);
    assertThat(add(stored, Items.of(0, count - 1, LargeBatchTest::mixed)))
        .isEqualTo(new AddItems.Added(count - 1, 0, false, count - 1, count));
    assertThat(tenant.stored(stored).storedItems()).isEqualTo(count - 1);
    assertThat(tenant.number("select sum(n)::int as n from batch_parts")).isEqualTo(count - 5);
    assertThat(tenant.count("batch_items")).isEqualTo(4);
    assertThat(add(stored, Items.of(count - 1, count, LargeBatchTest::mixed)).sealed()).isTrue();

    assertThat(rows(stored)).hasSize(count).isEqualTo(rows(atOnce));
    Batch batch = tenant.stored(stored);
    assertThat(batch.status()).isEqualTo(BatchStatus.PARTIAL_FAILED);
    assertThat(batch.errors()).isEqualTo(tenant.stored(atOnce).errors()).hasSize(1);
    assertThat(batch.failedItems()).isEqualTo(1);
    assertThat(batch.runIds()).hasSize(count).isSorted().doesNotHaveDuplicates();
    assertThat(tenant.count("batch_items")).isZero();
    assertThat(tenant.count("batch_parts")).isZero();
  }

  @Test
  void a_batch_that_is_sent_again_after_a_cut_has_each_item_once() {
    int count = 2 * BUFFER + 100;
    UUID id = announce(count, null);
    assertThatThrownBy(() -> add(id, Items.cut(0, BUFFER + 500, LargeBatchTest::plain)))
        .isInstanceOf(UncheckedIOException.class);
    assertThat(tenant.stored(id).storedItems()).isEqualTo(BUFFER + 500);
    assertThat(tenant.count("runs")).isZero();
    assertThat(add(id, Items.of(BUFFER - 300, BUFFER + 900, LargeBatchTest::plain)))
        .isEqualTo(new AddItems.Added(400, 800, false, BUFFER + 900, count));
    assertThat(add(id, Items.of(0, count, LargeBatchTest::plain)))
        .isEqualTo(new AddItems.Added(count - BUFFER - 900, BUFFER + 900, true, count, count));

    Batch batch = tenant.stored(id);
    assertThat(batch.status()).isEqualTo(BatchStatus.PROCESSING);
    assertThat(batch.runIds()).hasSize(count);
    for (int i : new int[] {0, BUFFER - 301, BUFFER - 300, BUFFER + 499, BUFFER + 900, count - 1}) {
      assertThat(tenant.run(batch.runIds().get(i)).payload()).isEqualTo("{\"i\":" + i + "}");
    }
    assertThat(tenant.count("ready")).isEqualTo(count);
    assertThat(
            tenant.number(
                "select count(*)::int as n from ready where environment_id = :environment"))
        .isLessThan(count / 20);
    assertThat(tenant.count("batch_parts")).isZero();
  }

  @Test
  void items_that_older_runs_answer_are_answered_in_a_stored_batch_too() {
    int count = 600;
    IntFunction<Item> keyed = i -> i % 200 < 100 ? plain(i).key("k" + i) : plain(i);
    UUID first = announce(count, null);
    add(first, Items.of(0, 300, keyed));
    add(first, Items.of(300, count, keyed));
    UUID second = announce(count, null);
    add(second, Items.of(0, 301, keyed));
    add(second, Items.of(301, count, keyed));
    Batch older = tenant.stored(first);
    Batch newer = tenant.stored(second);
    for (int i = 0; i < count; i++) {
      if (i % 200 < 100) {
        assertThat(newer.runIds().get(i)).as("item " + i).isEqualTo(older.runIds().get(i));
      } else {
        assertThat(newer.runIds().get(i)).as("item " + i).isNotEqualTo(older.runIds().get(i));
        assertThat(tenant.run(newer.runIds().get(i)).payload()).isEqualTo("{\"i\":" + i + "}");
      }
    }
    assertThat(tenant.number("select open_runs as n from batches order by batch_id desc limit 1"))
        .isEqualTo(count / 2);
  }

  @Test
  void items_without_payloads_become_runs_too() {
    int count = 300;
    UUID id = announce(count, null);
    add(id, Items.of(0, count - 1, i -> Item.of("a")));
    assertThat(add(id, Items.of(count - 1, count, i -> Item.of("a"))).sealed()).isTrue();
    assertThat(tenant.count("runs")).isEqualTo(count);
    assertThat(tenant.run(tenant.stored(id).runIds().getFirst()).payload()).isNull();
  }

  @Test
  void a_lane_that_was_retired_before_the_seal_is_used_again() {
    int count = 300;
    UUID id = announce(count, null);
    add(id, Items.of(0, count - 1, LargeBatchTest::plain));
    engine.database.transaction(
        tenant.id(),
        tx -> tx.sql("update lanes set idle = true where environment_id = :environment").update());
    assertThat(add(id, Items.of(count - 1, count, LargeBatchTest::plain)).sealed()).isTrue();
    assertThat(tenant.count("ready")).isEqualTo(count);
    assertThat(
            tenant.number(
                "select count(*)::int as n from lanes where environment_id = :environment and"
                    + " idle"))
        .isZero();
  }

  @Test
  void a_seal_that_fails_leaves_all_items_and_no_run() {
    int count = 300;
    UUID id = announce(count, null);
    add(id, Items.of(0, count - 1, LargeBatchTest::plain));
    long lane = tenant.number("select lane_id::int as n from batch_parts limit 1");
    engine.database.transaction(
        tenant.id(),
        tx -> tx.sql("update batch_parts set lane_id = -lane_id where n > 1").update());
    assertThatThrownBy(() -> add(id, Items.of(count - 1, count, LargeBatchTest::plain)))
        .isInstanceOf(OutdatedLaneException.class);
    assertThat(tenant.stored(id).storedItems()).isEqualTo(count);
    assertThat(tenant.stored(id).sealedAt()).isNull();
    assertThat(tenant.count("runs")).isZero();
    engine.database.transaction(
        tenant.id(),
        tx -> tx.sql("update batch_parts set lane_id = :lane").bind("lane", lane).update());
    assertThat(add(id, Items.of(0, 0, LargeBatchTest::plain)).sealed()).isTrue();
    assertThat(tenant.count("runs")).isEqualTo(count);
  }

  @Test
  void the_errors_of_many_failed_items_are_counted_and_the_first_are_listed() {
    int count = 1_200;
    RunError error = RunError.internal(RunError.Codes.COULD_NOT_TRIGGER, "no");
    UUID id = announce(count, null);
    IntFunction<Item> failing = i -> i < 1_100 ? plain(i).failure(error) : plain(i);
    add(id, Items.of(0, count - 1, failing));
    add(id, Items.of(count - 1, count, failing));
    Batch batch = tenant.stored(id);
    assertThat(batch.failedItems()).isEqualTo(1_100);
    assertThat(batch.errors()).hasSize(1_000);
    assertThat(batch.status()).isEqualTo(BatchStatus.PARTIAL_FAILED);
  }

  @Test
  void results_of_more_runs_than_are_read_at_once_are_complete_and_in_order() {
    int count = 2_500;
    UUID id = announce(count, null);
    add(id, Items.of(0, count, LargeBatchTest::plain));
    assertThat(tenant.finalRuns(id)).isEmpty();
    Worker worker = tenant.worker("a");
    for (List<ClaimedRun> runs = worker.claim(100); !runs.isEmpty(); runs = worker.claim(100)) {
      List<Finished> finished =
          runs.stream().map(run -> Worker.success(run, run.lastAttempt() + 1, "1")).toList();
      worker.report(List.of(), finished, List.of());
    }
    assertThat(tenant.finalRuns(id).stream().map(Run::id)).isEqualTo(tenant.stored(id).runIds());
    assertThat(tenant.stored(id).status()).isEqualTo(BatchStatus.COMPLETED);
  }
}
