package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.db.Database;
import dev.fanfare.testkit.Await;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** A transaction of one statement, which holds the statement's locks until it is closed. */
final class Held implements AutoCloseable {
  private static final Duration SOON = Duration.ofSeconds(20);

  private final Database database;
  private final CountDownLatch letGo = new CountDownLatch(1);
  private final Future<?> holder;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();

  Held(Database database, String sql) {
    this.database = database;
    CountDownLatch locked = new CountDownLatch(1);
    holder =
        thread.submit(() ->
            database.transaction(tx -> {
              tx.sql(sql).update();
              locked.countDown();
              return await(letGo);
            }));
    assertThat(await(locked)).isTrue();
  }

  private static boolean await(CountDownLatch latch) {
    try {
      return latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Waits until another transaction waits for one of the locks. */
  void awaitWaiter() {
    Await.until(
        "somebody waits for the lock",
        SOON,
        () ->
            Boolean.TRUE.equals(
                database.transaction(tx ->
                    tx.sql(
                            """
                            select count(*) > 0 as waits
                              from pg_locks l
                             where not granted
                               and exists (select
                                             from pg_stat_activity a
                                            where a.pid = l.pid
                                              and a.datname = current_database())
                            """)
                        .first(r -> r.flag("waits")))));
  }

  /** Commits. */
  @Override
  public void close() throws Exception {
    letGo.countDown();
    holder.get(20, TimeUnit.SECONDS);
    thread.shutdown();
  }
}
