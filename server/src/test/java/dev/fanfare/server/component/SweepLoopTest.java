package dev.fanfare.server.component;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseAddress;
import dev.fanfare.server.db.DatabaseWatch;
import dev.fanfare.server.db.MigratedDatabase;
import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.DatabaseProxy;
import dev.fanfare.testkit.TestDatabase;
import java.net.URI;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SweepLoopTest {
  private static final Duration BOUND = Duration.ofSeconds(30);
  private static final Duration RARELY = Duration.ofHours(1);
  private static final Duration OFTEN = Duration.ofMillis(20);

  private static final String ALWAYS =
      """
      select *
        from (values (1, now()), (2, now())) as v (environment_id, at)
      """;

  private static final String NEVER =
      """
      select 1 as environment_id, now() as at
       where false
      """;

  private TestDatabase home;
  private DatabaseProxy proxy;
  private Database database;
  private DatabaseWatch watch;

  @BeforeEach
  void open() throws Exception {
    home = MigratedDatabase.create();
    URI direct = URI.create(home.jdbcUrl().substring("jdbc:".length()));
    proxy = DatabaseProxy.start(direct.getPort());
    database =
        Database.open(
            new DatabaseAddress(
                "jdbc:postgresql://127.0.0.1:" + proxy.port() + direct.getPath(),
                home.user(),
                home.password()),
            2,
            Duration.ofSeconds(1),
            MigratedDatabase.RANGES);
    watch = DatabaseWatch.start(database);
  }

  @AfterEach
  void close() throws Exception {
    watch.close();
    database.close();
    proxy.close();
    home.close();
  }

  private SweepLoop start(Sweep... sweeps) {
    return SweepLoop.start(database, watch, List.of(sweeps));
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertThat(latch.await(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
  }

  /** Runs these sweeps until the latch is down. */
  private void runUntil(CountDownLatch swept, Sweep... sweeps) throws Exception {
    try (SweepLoop _ = start(sweeps)) {
      await(swept);
    }
  }

  private record Planned(
      Duration interval,
      String due,
      boolean isOnTime,
      @Nullable Contact contact,
      IntUnaryOperator step)
      implements Sweep {
    @Override
    public DueQuery dueQuery() {
      return DueQuery.of(due);
    }

    @Override
    public int runOnce(int environmentId, Instant now) {
      return step.applyAsInt(environmentId);
    }
  }

  private static Sweep sweep(Duration interval, @Nullable Contact contact, IntUnaryOperator step) {
    return new Planned(interval, ALWAYS, false, contact, step);
  }

  private static Sweep counting(Duration interval, String due, CountDownLatch steps) {
    return new Planned(interval, due, false, null, environmentId -> countDown(steps));
  }

  private static int countDown(CountDownLatch steps) {
    steps.countDown();
    return 0;
  }

  private void execute(String sql) throws Exception {
    try (Connection connection = home.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void a_failing_environment_does_not_prevent_sweeps_of_the_others() throws Exception {
    CountDownLatch swept = new CountDownLatch(1);
    runUntil(
        swept,
        sweep(
            RARELY,
            null,
            environmentId -> {
              if (environmentId == 1) {
                throw new IllegalStateException("a failure of this environment only");
              }
              return countDown(swept);
            }));
  }

  @Test
  void not_even_a_lack_of_memory_ends_a_sweep() throws Exception {
    CountDownLatch swept = new CountDownLatch(2);
    runUntil(
        swept,
        sweep(
            RARELY,
            null,
            environmentId -> {
              swept.countDown();
              throw new OutOfMemoryError("on purpose");
            }));
  }

  @Test
  void a_sweep_that_needs_contact_waits_for_it() throws Exception {
    CountDownLatch others = new CountDownLatch(20);
    AtomicInteger early = new AtomicInteger();
    CountDownLatch late = new CountDownLatch(1);
    Duration tick = Duration.ofMillis(1);
    Sweep waits =
        sweep(tick, new Contact(BOUND, BOUND, tick), environmentId -> early.incrementAndGet());
    runUntil(others, waits, counting(tick, ALWAYS, others));
    assertThat(early).hasValue(0);
    runUntil(
        late,
        sweep(
            tick,
            new Contact(Duration.ofMillis(50), BOUND, tick),
            environmentId -> countDown(late)));
  }

  @Test
  void steps_follow_each_deadline_although_the_database_is_asked_rarely() throws Exception {
    CountDownLatch steps = new CountDownLatch(3);
    String soon = "select 1 as environment_id, now() + interval '100 ms' as at";
    runUntil(steps, new Planned(RARELY, soon, true, null, environmentId -> 1 + countDown(steps)));
  }

  @Test
  void what_this_server_delays_is_on_time_although_the_database_is_asked_rarely() throws Exception {
    CountDownLatch steps = new CountDownLatch(1);
    Planned sweep =
        new Planned(
            RARELY, NEVER, true, null, environmentId -> environmentId == 7 ? countDown(steps) : 0);
    try (SweepLoop _ = start(sweep)) {
      // What is delayed before the first answer is in that answer, if it were asked for.
      Await.until("a step", BOUND, () -> delay(Duration.ofMillis(50)) && steps.getCount() == 0);
    }
  }

  private boolean delay(Duration delay) {
    Instant dueAt = database.now().plus(delay);
    return database.transaction(
        7,
        tx -> {
          tx.delays(dueAt);
          return true;
        });
  }

  @Test
  void what_another_server_delays_is_found_by_the_next_question() throws Exception {
    execute("create table fanfare.others (environment_id int, at timestamptz)");
    CountDownLatch asked = new CountDownLatch(3);
    CountDownLatch steps = new CountDownLatch(1);
    try (SweepLoop _ =
        start(
            counting(OFTEN, "select environment_id, at from others", steps),
            counting(OFTEN, ALWAYS, asked))) {
      await(asked);
      assertThat(steps.getCount()).isEqualTo(1);
      execute("insert into fanfare.others values (1, now() + interval '100 ms')");
      await(steps);
    }
  }

  @Test
  void after_an_outage_steps_run_again() throws Exception {
    CountDownLatch before = new CountDownLatch(1);
    AtomicInteger steps = new AtomicInteger();
    try (SweepLoop _ =
        start(
            sweep(
                OFTEN,
                null,
                environmentId -> {
                  steps.incrementAndGet();
                  return countDown(before);
                }))) {
      await(before);
      proxy.refuse();
      Await.until("the outage", BOUND, () -> watch.problem() != null);
      int inTheOutage = steps.get();
      proxy.accept();
      Await.until("a step", BOUND, () -> steps.get() > inTheOutage);
    }
  }

  @Test
  void a_locked_table_delays_only_its_own_sweep() throws Exception {
    execute("create table fanfare.others (environment_id int, at timestamptz)");
    execute("insert into fanfare.others values (1, now())");
    CountDownLatch own = new CountDownLatch(1);
    CountDownLatch others = new CountDownLatch(1);
    try (Connection connection = home.connect();
        Statement locking = connection.createStatement()) {
      connection.setAutoCommit(false);
      locking.execute("lock table fanfare.others in access exclusive mode");
      try (SweepLoop _ =
          start(
              counting(OFTEN, "select environment_id, at from others", own),
              counting(OFTEN, ALWAYS, others))) {
        await(others);
        Await.until("the watch to look", BOUND, () -> watch.problem() == null);
        assertThat(own.getCount()).isEqualTo(1);
        connection.commit();
        await(own);
      }
    }
  }
}
