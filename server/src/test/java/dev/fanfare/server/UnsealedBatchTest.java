package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.server.access.OneTimeToken;
import dev.fanfare.server.batch.AddItems;
import dev.fanfare.server.batch.AnnounceBatch;
import dev.fanfare.server.batch.AnnounceBatch.Announced;
import dev.fanfare.server.batch.Batch;
import dev.fanfare.server.batch.ItemStream;
import dev.fanfare.server.batch.StreamedItem;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.Source;
import dev.fanfare.server.text.Hash;
import dev.fanfare.testkit.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Streamed batches whose stream breaks, or that are never sealed. */
class UnsealedBatchTest {
  @AutoClose static final Engine engine = Engine.start();

  private static final Duration LIMIT = Duration.ofMinutes(30);
  private static final Duration BOUND = Duration.ofSeconds(30);

  final Tenant tenant = engine.tenant();

  private UUID create(int count, String key) {
    return engine
        .components
        .batch
        .announceBatch()
        .announce(
            tenant.id(),
            new AnnounceBatch.Announcement(
                count, null, key == null ? null : new NewRun.Key(key, Item.KEY_LIFE), null, null))
        .orElseThrow(HttpError::of)
        .batchId();
  }

  private AddItems.Added add(UUID batch, int from, int to) {
    return add(batch, new Items(from, to, false));
  }

  private AddItems.Added add(UUID batch, Items items) {
    return engine
        .components
        .batch
        .addItems()
        .add(tenant.id(), batch, Source.API, items)
        .orElseThrow(HttpError::of);
  }

  /** Items of one task. If {@code cut}, the stream breaks after them instead of ending. */
  private static final class Items implements ItemStream {
    private int next;
    private final int end;
    private final boolean cut;

    Items(int from, int end, boolean cut) {
      this.next = from;
      this.end = end;
      this.cut = cut;
    }

    @Override
    public StreamedItem next() {
      if (next == end) {
        if (cut) {
          throw new UncheckedIOException(new IOException("the client went away"));
        }
        return null;
      }
      return new StreamedItem(next++, read(""), new byte[] {'{', '}'});
    }

    @Override
    public NewRun read(String text) {
      return Item.of("a").toRun();
    }
  }

  @Test
  void TWO_17_and_TWO_20_a_batch_that_is_not_sealed_in_time_is_aborted_and_creates_no_run() {
    UUID batch = create(3, "nightly");
    add(batch, 0, 2);
    Instant created = engine.clock.instant();
    engine.sweep("UnsealedSweep", created.plus(LIMIT).minusSeconds(1));
    assertThat(tenant.stored(batch).status()).isEqualTo(BatchStatus.PENDING);

    Instant late = created.plus(LIMIT);
    engine.sweep("UnsealedSweep", late);
    Batch aborted = tenant.stored(batch);
    assertThat(aborted.status()).isEqualTo(BatchStatus.ABORTED);
    assertThat(aborted.completedAt()).isEqualTo(late);
    assertThat(tenant.count("runs")).isZero();
    assertThat(tenant.count("batch_items")).isZero();
    // Its key can be used again.
    assertThat(create(3, "nightly")).isNotEqualTo(batch);
  }

  @Test
  void TWO_07_items_for_an_aborted_batch_are_refused() {
    UUID batch = create(1, null);
    engine.sweep("UnsealedSweep", engine.clock.instant().plus(LIMIT));
    assertThatThrownBy(() -> add(batch, 0, 1))
        .isInstanceOf(HttpError.class)
        .hasMessageContaining("is not in PENDING status (current: ABORTED)");
    assertThat(tenant.count("runs")).isZero();
  }

  @Test
  void TWO_18_and_TWO_19_the_time_limit_does_not_change_sealed_or_aborted_batches() {
    UUID sealed = create(1, null);
    assertThat(add(sealed, 0, 1).sealed()).isTrue();
    UUID aborted = create(1, null);
    Instant late = engine.clock.instant().plus(LIMIT);
    engine.sweep("UnsealedSweep", late);
    engine.sweep("UnsealedSweep", late.plus(LIMIT));
    assertThat(tenant.stored(sealed).status()).isEqualTo(BatchStatus.PROCESSING);
    assertThat(tenant.stored(aborted).completedAt()).isEqualTo(late);
  }

  @Test
  void TWO_25_items_stored_before_a_stream_broke_stay_and_streaming_again_seals_the_batch() {
    UUID batch = create(5, null);
    assertThatThrownBy(() -> add(batch, new Items(0, 3, true)))
        .isInstanceOf(UncheckedIOException.class);
    assertThat(tenant.count("batch_items")).isEqualTo(3);
    assertThat(tenant.count("runs")).isZero();
    AddItems.Added rest = add(batch, 0, 5);
    assertThat(rest.accepted()).isEqualTo(2);
    assertThat(rest.deduplicated()).isEqualTo(3);
    assertThat(rest.sealed()).isTrue();
    assertThat(tenant.count("runs")).isEqualTo(5);
    assertThat(tenant.count("batch_items")).isZero();
    assertThat(tenant.stored(batch).runIds()).hasSize(5);
  }

  @Test
  void of_two_halves_streamed_concurrently_the_last_to_finish_seals_the_batch() {
    UUID batch = create(4, null);
    UUID source = create(4, null);
    add(source, 0, 2);
    FutureTask<AddItems.Added> second = new FutureTask<>(() -> add(batch, 2, 4));
    engine.database.transaction(
        tenant.id(),
        tx -> { // what the first half does
          tx.sql(
                  "select from batches where environment_id = :environment and batch_id = :batch"
                      + " for update")
              .bind("batch", batch)
              .first(r -> true);
          tx.sql(
                  """
                  insert into batch_items
                  select environment_id, :batch, item_index, task_id, lane_id, item, error
                    from batch_items
                   where environment_id = :environment
                     and batch_id = :source
                  """)
              .bind("batch", batch)
              .bind("source", source)
              .update();
          tx.sql(
                  "update batches set stored_items = 2"
                      + " where environment_id = :environment and batch_id = :batch")
              .bind("batch", batch)
              .update();
          Thread.ofVirtual().start(second);
          Await.until("the second half waits for a lock", BOUND, UnsealedBatchTest::aLockIsAwaited);
          return null;
        });
    AddItems.Added added = get(second);
    assertThat(added).isEqualTo(new AddItems.Added(2, 0, true, 4, 4));
    assertThat(tenant.stored(batch).runIds()).hasSize(4);
  }

  private static AddItems.Added get(FutureTask<AddItems.Added> task) {
    try {
      return task.get(BOUND.toSeconds(), TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static boolean aLockIsAwaited() {
    return engine.database.transaction(tx ->
        tx.sql("select exists (select from pg_locks where not granted) as waits")
            .first(r -> r.flag("waits")));
  }

  @Test
  void a_repeated_announcement_of_an_aborted_batch_creates_a_batch_that_takes_the_items() {
    for (String key : new String[] {null, "again"}) {
      NewRun.Key batchKey = key == null ? null : new NewRun.Key(key, Item.KEY_LIFE);
      OneTimeToken token =
          new OneTimeToken(Hash.of("token " + key).hex(), Instant.now().plusSeconds(600));
      AnnounceBatch.Announcement announcement =
          new AnnounceBatch.Announcement(1, null, batchKey, Hash.of("request " + key), token);
      UUID aborted = announce(announcement).batchId();
      assertThat(announce(announcement)).extracting(Announced::batchId).isEqualTo(aborted);
      engine.sweep("UnsealedSweep", engine.clock.instant().plus(LIMIT));

      Announced again = announce(announcement);

      assertThat(again.batchId()).isNotEqualTo(aborted);
      assertThat(again.closed()).isFalse();
      assertThat(announce(announcement).batchId()).isEqualTo(again.batchId());
      assertThat(add(again.batchId(), 0, 1).sealed()).isTrue();
    }
  }

  private Announced announce(AnnounceBatch.Announcement announcement) {
    return engine
        .components
        .batch
        .announceBatch()
        .announce(tenant.id(), announcement)
        .orElseThrow(HttpError::of);
  }
}
