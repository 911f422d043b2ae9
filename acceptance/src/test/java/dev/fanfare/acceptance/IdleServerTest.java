package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.DATABASE_URL;
import static dev.fanfare.server.config.ServerSettings.POLL_WAIT;
import static dev.fanfare.server.config.ServerSettings.RETRY_IN_PLACE_MAX;
import static dev.fanfare.server.config.ServerSettings.SWEEP_INTERVAL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Retry;
import dev.fanfare.sdk.RunHandle;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.TriggerOptions;
import dev.fanfare.sdk.Worker;
import dev.fanfare.server.config.DatabaseUrl;
import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.TestDatabase;
import dev.fanfare.testkit.WireCounter;
import java.net.URI;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server with nothing to do asks its database rarely, and still does everything on time. */
@Timeout(180)
class IdleServerTest {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final Duration RARELY = Duration.ofHours(1);

  /** Long enough for several polls, and for the sweeps that look more often than once a minute. */
  private static final Duration SPAN = Duration.ofSeconds(16);

  private static final int PER_SECOND = 2;

  private static final Task<Integer, Integer> DOUBLE =
      Task.define("double", Integer.class, Integer.class).handler((payload, run) -> 2 * payload);

  private static Fanfare client(TestServer server) {
    return Fanfare.builder().url(server.server.url().toString()).secretKey(server.key).build();
  }

  private record Sample(long nanos, WireCounter.Count count) {}

  @Test
  void an_idle_server_makes_two_round_trips_a_second_with_thirty_environments() throws Exception {
    TestDatabase database = MigratedDatabase.create();
    try (WireCounter counter = WireCounter.start(port(database));
        TestServer server = start(database, counter);
        Worker _ = Worker.builder(client(server)).task(DOUBLE).start()) {
      addEnvironments(database, 27); // it has three
      Deque<Sample> samples = new ArrayDeque<>();
      // The beginning costs more, and so does a machine that was busy with something else.
      Await.until("an idle span", Duration.ofMinutes(2), () -> isIdle(samples, counter));
    }
  }

  private static int port(TestDatabase database) {
    return URI.create(database.jdbcUrl().substring("jdbc:".length())).getPort();
  }

  private static TestServer start(TestDatabase database, WireCounter counter) {
    String path = URI.create(database.jdbcUrl().substring("jdbc:".length())).getPath();
    String url = "jdbc:postgresql://127.0.0.1:" + counter.port() + path;
    return TestServer.start(
        database,
        config ->
            config.with(DATABASE_URL, new DatabaseUrl(url, database.user(), database.password())));
  }

  private static boolean isIdle(Deque<Sample> samples, WireCounter counter) {
    Sample last = new Sample(System.nanoTime(), counter.count());
    samples.add(last);
    while (last.nanos - samples.getFirst().nanos > SPAN.toNanos()) {
      Sample first = samples.removeFirst();
      long roundTrips = last.count.since(first.count).roundTrips();
      assertThat(roundTrips).as("the watch looks once a second").isGreaterThan(5);
      if (roundTrips <= PER_SECOND * SPAN.toSeconds()) {
        return true;
      }
    }
    return false;
  }

  private static void addEnvironments(TestDatabase database, int count) throws Exception {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          insert into fanfare.environments (public_id, project, slug, type)
          select 'env_' || i, 'project ' || i, 'dev', 'DEVELOPMENT'
            from generate_series(1, %s) as i
          """
              .formatted(count));
    }
  }

  @Test
  void delays_and_retries_are_on_time_although_the_database_is_asked_rarely() throws Exception {
    AtomicInteger attempts = new AtomicInteger();
    Task<Integer, Integer> failsOnce =
        Task.define("fails-once", Integer.class, Integer.class)
            .retry(Retry.exponential().minDelay(Duration.ofMillis(200)))
            .handler((payload, run) -> {
              if (attempts.incrementAndGet() == 1) {
                throw new IllegalStateException("on purpose");
              }
              return payload;
            });
    try (TestServer server =
            TestServer.start(config ->
                config.with(SWEEP_INTERVAL, RARELY).with(RETRY_IN_PLACE_MAX, Duration.ZERO));
        Worker _ = Worker.builder(client(server)).task(DOUBLE).task(failsOnce).start()) {
      Fanfare fanfare = client(server);
      Duration delay = Duration.ofMillis(300);
      RunHandle first = fanfare.trigger(DOUBLE, 1, TriggerOptions.options().delay(delay));
      RunHandle second =
          fanfare.trigger(DOUBLE, 2, TriggerOptions.options().delay(delay.multipliedBy(3)));
      RunHandle third = fanfare.trigger(failsOnce, 3);
      for (RunHandle run : new RunHandle[] {first, second, third}) {
        assertThat(fanfare.runs().await(run.id(), BOUND).status()).isEqualTo(RunStatus.COMPLETED);
      }
    }
  }

  /** Another server has queued it, and died before it could say so. */
  @Test
  void a_run_of_which_no_signal_came_reaches_a_waiting_poll() throws Exception {
    try (TestServer server = TestServer.start(config -> config.with(POLL_WAIT, RARELY));
        Worker _ = Worker.builder(client(server)).task(DOUBLE).start();
        Connection connection = server.database.connect();
        Statement statement = connection.createStatement()) {
      Fanfare fanfare = client(server);
      assertThat(fanfare.runs().await(fanfare.trigger(DOUBLE, 1).id(), BOUND).status())
          .isEqualTo(RunStatus.COMPLETED);
      RunHandle run = fanfare.trigger(DOUBLE, 2, TriggerOptions.options().delay(RARELY));
      statement.execute(
          """
          with due as (
            delete from fanfare.delays returning *
          )
          insert into fanfare.ready
                 (environment_id, task_id, version_id, lane_id, rank, last_id, fence, attempt, losses)
          select d.environment_id, l.task_id, l.version_id, d.lane_id, d.rank, d.run_id, 0, 0, 0
            from due d
            join fanfare.lanes l using (environment_id, lane_id)
          """);
      assertThat(fanfare.runs().await(run.id(), BOUND).status()).isEqualTo(RunStatus.COMPLETED);
    }
  }

  /** Another server has delayed it, so this one does not know. */
  @Test
  void what_another_server_moves_to_an_earlier_time_is_found() throws Exception {
    try (TestServer server = TestServer.start();
        Worker _ = Worker.builder(client(server)).task(DOUBLE).start();
        Connection connection = server.database.connect();
        Statement statement = connection.createStatement()) {
      Fanfare fanfare = client(server);
      RunHandle run = fanfare.trigger(DOUBLE, 2, TriggerOptions.options().delay(RARELY));
      statement.execute("update fanfare.delays set due_at = now()");
      assertThat(fanfare.runs().await(run.id(), BOUND).status()).isEqualTo(RunStatus.COMPLETED);
    }
  }

  /** Another server has canceled it, and died before it could say so. */
  @Test
  void a_cancel_of_which_no_signal_came_reaches_a_waiting_poll() throws Exception {
    String worker =
        "{\"name\":\"worker\",\"version\":\"1\",\"slots\":2,\"tasks\":[{\"id\":\"echo\"}]}";
    TestDatabase database = MigratedDatabase.create();
    try (WireCounter counter = WireCounter.start(port(database));
        TestServer server = start(database, counter);
        Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      String session =
          server.post("/worker/v1/sessions", worker).json().get("sessionId").asString();
      String poll = "/worker/v1/sessions/" + session + "/poll";
      assertThat(server.post("/api/v1/tasks/echo/trigger", "{}").status()).isEqualTo(200);
      assertThat(server.post(poll, "{\"slots\":2}").json().get("assignments").size()).isOne();
      counter.takeTransactions();
      CompletableFuture<Integer> canceled =
          CompletableFuture.supplyAsync(
              () -> server.post(poll, "{\"slots\":1}").json().get("canceled").size());
      Await.until("the poll to wait", BOUND, () -> hasClaimed(counter));
      statement.execute("update fanfare.leases set canceled_at = now()");
      assertThat(canceled.get(BOUND.toSeconds(), TimeUnit.SECONDS)).isOne();
    }
  }

  private static boolean hasClaimed(WireCounter counter) {
    return counter.takeTransactions().stream()
        .flatMap(transaction -> transaction.statements().stream())
        .anyMatch(sql -> sql.contains("with recursive worker"));
  }
}
