package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who can take how many connections, while all the others are taken. */
class ReservedConnectionsTest {
  private static final int REQUESTS = 8;
  private static final Duration BOUND = Duration.ofSeconds(60);

  private final AtomicInteger held = new AtomicInteger();
  private volatile int toHold; // one more would not end, where it should fail
  private final CountDownLatch release = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private TestDatabase home;
  private Database database;

  @BeforeEach
  void open() {
    home = MigratedDatabase.create();
    database =
        Database.open(
            new DatabaseAddress(home.jdbcUrl(), home.user(), home.password()),
            REQUESTS,
            Duration.ofSeconds(3),
            MigratedDatabase.RANGES);
  }

  @AfterEach
  void close() {
    release.countDown();
    threads.close();
    database.close();
    home.close();
  }

  /** Begins transactions until {@code most} are running; no other one gets a connection then. */
  private void takeAll(int most, UnaryOperator<Supplier<Boolean>> how) {
    toHold = most;
    for (int i = 0; i < most; i++) {
      threads.submit(() -> how.apply(this::hold).get());
    }
    Await.until("all connections to be held", BOUND, () -> held.get() == most);
    assertThatThrownBy(() -> how.apply(this::hold).get())
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.isUnavailable()).isTrue());
  }

  /** Keeps a connection of whatever work this thread does, unless enough are held. */
  private boolean hold() {
    return database.transaction(this::hold);
  }

  private boolean hold(Tx tx) {
    tx.now();
    if (held.incrementAndGet() <= toHold) {
      await(release);
    }
    return true;
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void requests_take_none_of_the_reserved_connections() {
    takeAll(REQUESTS, hold -> hold);
    assertThat(database.sweep(database::now)).isNotNull();
    assertThat(database.urgent(database::now)).isNotNull();
  }

  @Test
  void sweeps_leave_one_connection_for_what_is_urgent() {
    takeAll(1, hold -> () -> database.sweep(hold));
    assertThat(database.urgent(database::now)).isNotNull();
    assertThat(database.now()).isNotNull();
  }

  @Test
  void reads_leave_half_of_the_connections_to_what_writes() {
    takeAll(REQUESTS / 2, hold -> () -> database.snapshot(1, this::hold));
    CountDownLatch together = new CountDownLatch(REQUESTS / 2);
    List<Future<Boolean>> writing = new ArrayList<>();
    for (int i = 0; i < REQUESTS / 2; i++) {
      writing.add(
          threads.submit(() ->
              database.transaction(tx -> {
                tx.now();
                together.countDown();
                await(together);
                return true;
              })));
    }
    assertThat(writing).allSatisfy(write -> assertThat(write.get()).isTrue());
  }

  @ParameterizedTest
  @CsvSource({"5, 1", "6, 2", "8, 4", "20, 15", "100, 95"})
  void connections_for_requests(int total, int requests) {
    assertThat(Database.requestConnections(total)).isEqualTo(requests);
  }
}
