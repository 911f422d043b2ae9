package dev.fanfare.server.trigger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.batch.CountEndedRuns;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.MigratedDatabase;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.run.HandOver;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.RunComponent;
import dev.fanfare.server.run.Source;
import dev.fanfare.server.text.Hash;
import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.SettableClock;
import dev.fanfare.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Concurrent single triggers share a transaction, and each gets its own result. */
class TriggerRunTest {
  private static final Duration BOUND = Duration.ofSeconds(30);
  private static final AtomicInteger ENVIRONMENTS = new AtomicInteger();

  private static TestDatabase home;
  private static Database database;
  private static Signals signals;
  private static TriggerRun trigger;

  private final int environment = ENVIRONMENTS.incrementAndGet();

  @BeforeAll
  static void start() {
    home = MigratedDatabase.create();
    database = MigratedDatabase.open(home, 8);
    signals = Signals.start(database);
    SettableClock clock = new SettableClock();
    Resources resources =
        new Resources(
            ServerConfig.defaults(),
            database,
            signals,
            clock,
            new TimeOrderedIds(clock),
            new Random(1));
    RunComponent run = new RunComponent(resources, new CountEndedRuns());
    trigger =
        new TriggerComponent(resources, run, (id, lanes) -> HandOver.Reservation.NONE).triggerRun();
  }

  @AfterAll
  static void stop() {
    signals.close();
    database.close();
    home.close();
  }

  @Test
  void concurrent_triggers_share_a_transaction() throws Exception {
    List<Call> calls =
        whilePartitionIsBusy(() -> IntStream.range(0, 20).mapToObj(i -> call(i)).toList());

    List<UUID> runIds = calls.stream().map(call -> call.get().runId()).toList();

    assertThat(runIds).doesNotHaveDuplicates();
    assertThat(payloads(runIds))
        .containsExactlyElementsOf(IntStream.range(0, 20).mapToObj(String::valueOf).toList());
    assertThat(transactions(runIds)).isOne();
  }

  @Test
  void a_run_that_cannot_be_stored_fails_alone() throws Exception {
    List<Call> calls =
        whilePartitionIsBusy(
            () -> List.of(call(1), call(2), start(run("\0", null), null), call(4), call(5)));

    assertThat(calls.get(2).failure()).isInstanceOf(DatabaseException.class);
    List<UUID> others = IntStream.of(0, 1, 3, 4).mapToObj(i -> calls.get(i).get().runId()).toList();
    assertThat(payloads(others)).containsExactly("1", "2", "4", "5");
  }

  @Test
  void equal_idempotency_keys_create_one_run() throws Exception {
    List<Call> calls =
        whilePartitionIsBusy(
            "busy",
            () -> IntStream.range(0, 20).mapToObj(i -> start(run("1", "same"), null)).toList());

    List<TriggeredRun> runs = calls.stream().map(Call::get).toList();

    assertThat(runs.stream().map(TriggeredRun::runId).distinct()).hasSize(1);
    assertThat(runs.stream().filter(run -> !run.cached())).hasSize(1);
  }

  @Test
  void a_repeated_request_returns_its_run_and_does_not_disturb_others() throws Exception {
    Hash requestKey = Hash.of("sent before");
    UUID before =
        trigger
            .trigger(environment, run("0", null), Source.API, requestKey, null)
            .orElseThrow(HttpError::of)
            .runId();

    List<Call> calls =
        whilePartitionIsBusy(() -> List.of(call(1), start(run("0", null), requestKey), call(2)));

    assertThat(calls.get(1).get()).isEqualTo(new TriggeredRun(before, false, false));
    assertThat(payloads(List.of(calls.get(0).get().runId(), calls.get(2).get().runId())))
        .containsExactly("1", "2");
  }

  @Test
  void a_request_sent_twice_concurrently_creates_one_run() throws Exception {
    Hash requestKey = Hash.of("sent twice");

    List<Call> calls =
        whilePartitionIsBusy(() ->
            List.of(start(run("0", null), requestKey), call(1), start(run("0", null), requestKey)));

    UUID first = calls.get(0).get().runId();
    assertThat(calls.get(2).get()).isEqualTo(new TriggeredRun(first, false, false));
    assertThat(calls.get(1).get().runId()).isNotEqualTo(first);
  }

  /** With idempotency keys, they are another kind of group. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void refused_and_repeated_calls_cost_the_others_of_their_group_no_transaction(boolean keys)
      throws Exception {
    IntFunction<String> key = i -> keys ? "key " + i : null;
    Hash sentBefore = Hash.of("sent before the group");
    UUID before =
        trigger
            .trigger(environment, run("0", null), Source.API, sentBefore, null)
            .orElseThrow(HttpError::of)
            .runId();
    Hash sentTwice = Hash.of("sent often in the group");
    AtomicLong xid = new AtomicLong();

    List<Call> calls =
        whilePartitionIsBusy(
            keys ? "busy" : null,
            () -> {
              List<Call> started = new ArrayList<>();
              for (int i = 0; i < 100; i++) {
                started.add(
                    switch (i % 10) {
                      case 3 -> start(locked("no such version", key.apply(i)), null);
                      case 5 -> start(run("0", key.apply(5)), sentBefore);
                      case 7 -> start(run("7", key.apply(7)), sentTwice);
                      default -> start(run("" + i, key.apply(i)), null);
                    });
              }
              xid.set(nextTransactionId());
              return started;
            });

    Set<UUID> created = new LinkedHashSet<>();
    for (int i = 0; i < calls.size(); i++) {
      Call call = calls.get(i);
      switch (i % 10) {
        case 3 ->
            assertThat(call.failure())
                .hasMessage(
                    "Task locked to version 'no such version', but no worker found with that"
                        + " version.");
        case 5 -> assertThat(call.get()).isEqualTo(new TriggeredRun(before, false, false));
        default -> created.add(call.get().runId());
      }
    }
    assertThat(created).hasSize(71);
    assertThat(transactions(List.copyOf(created))).isOne();
    // That of the group, that of the busy call, one for lanes, and the signals to other servers.
    assertThat(nextTransactionId() - xid.get()).isLessThanOrEqualTo(7);
  }

  private static long nextTransactionId() {
    return Objects.requireNonNull(
        database.transaction(tx ->
            tx.sql("select pg_snapshot_xmax(pg_current_snapshot())::text::int8 as n")
                .first(r -> r.bigint("n"))));
  }

  private static NewRun locked(String version, @Nullable String key) {
    return NewRun.of("task").payload("1").key(key(key)).lockToVersion(version).build();
  }

  @Test
  void a_call_that_waits_for_a_key_holds_up_no_call_without_one() throws Exception {
    UUID first =
        trigger
            .trigger(environment, run("1", "taken"), Source.API, null, null)
            .orElseThrow(HttpError::of)
            .runId();
    try (Connection connection = home.connect();
        Statement statement = connection.createStatement()) {
      lockKeysOf(first, connection, statement);
      Call waiting = start(run("2", "taken"), null);
      Await.until("the call waits for the key", BOUND, TriggerRunTest::aLockIsAwaited);

      Call plain = start(run("3", null), Hash.of("with a request key"));

      plain.thread().join(BOUND);
      assertThat(plain.thread().isAlive()).isFalse();
      assertThat(plain.get().created()).isTrue();
      connection.rollback();
      assertThat(waiting.get().runId()).isEqualTo(first);
    }
  }

  @Test
  void a_repeated_request_says_again_whether_its_key_found_an_older_run() {
    Hash creating = Hash.of("creates the run");
    Hash finding = Hash.of("finds the run");
    List<TriggeredRun> created = new ArrayList<>();
    List<TriggeredRun> found = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      created.add(trigger(run("1", "shared"), creating));
      found.add(trigger(run("1", "shared"), finding));
    }
    assertThat(created.stream().map(TriggeredRun::cached)).containsOnly(false);
    assertThat(found.stream().map(TriggeredRun::cached)).containsOnly(true);
    assertThat(found.stream().map(TriggeredRun::runId).distinct())
        .containsExactly(created.getFirst().runId());
  }

  private TriggeredRun trigger(NewRun run, Hash requestKey) {
    return trigger
        .trigger(environment, run, Source.API, requestKey, null)
        .orElseThrow(HttpError::of);
  }

  /** A trigger that is being executed. */
  private record Call(Thread thread, FutureTask<TriggeredRun> task) {
    TriggeredRun get() {
      try {
        return task.get();
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }

    Throwable failure() {
      try {
        throw new AssertionError("It created " + task.get());
      } catch (Exception e) {
        return e.getCause();
      }
    }
  }

  private Call call(int payload) {
    return start(run(String.valueOf(payload), null), null);
  }

  private Call start(NewRun run, @Nullable Hash requestKey) {
    FutureTask<TriggeredRun> task =
        new FutureTask<>(() ->
            trigger
                .trigger(environment, run, Source.API, requestKey, null)
                .orElseThrow(HttpError::of));
    Thread thread = Thread.ofVirtual().start(task);
    // Each call waits before the next one starts, so that they join the group in this order. One
    // that waits for nobody may have ended by now.
    Await.until(
        "the call waits for its group",
        BOUND,
        () -> thread.getState() == Thread.State.WAITING || !thread.isAlive());
    return new Call(thread, task);
  }

  private List<Call> whilePartitionIsBusy(Callable<List<Call>> start) throws Exception {
    return whilePartitionIsBusy(null, start);
  }

  /**
   * Starts calls while a transaction of their partition waits for a lock, so that all of them join
   * the next group, and then releases the lock.
   *
   * @param key the idempotency key for which the transaction waits; null: a request key
   */
  private List<Call> whilePartitionIsBusy(@Nullable String key, Callable<List<Call>> start)
      throws Exception {
    Hash requestKey = key == null ? Hash.of("busy") : null;
    UUID first =
        trigger
            .trigger(environment, run("first", key), Source.API, requestKey, null)
            .orElseThrow(HttpError::of)
            .runId();
    try (Connection connection = home.connect();
        Statement statement = connection.createStatement()) {
      lockKeysOf(first, connection, statement);
      Call busy = start(run("busy", key), requestKey);
      Await.until("the first call waits for the key", BOUND, TriggerRunTest::aLockIsAwaited);
      List<Call> calls = start.call();
      connection.rollback();
      assertThat(busy.get().runId()).isEqualTo(first);
      return calls;
    }
  }

  private static void lockKeysOf(UUID runId, Connection connection, Statement statement)
      throws SQLException {
    connection.setAutoCommit(false);
    statement.execute("set search_path to fanfare");
    statement.execute(
        "update idempotency_keys set expires_at = expires_at where run_id = '" + runId + "'");
    statement.execute(
        "update request_keys set expires_at = expires_at where answer_id = '" + runId + "'");
  }

  private static boolean aLockIsAwaited() {
    return Boolean.TRUE.equals(
        database.transaction(tx ->
            tx.sql("select exists (select from pg_locks where not granted) as waits")
                .first(r -> r.flag("waits"))));
  }

  private List<String> payloads(List<UUID> runIds) {
    List<String> payloads = new ArrayList<>();
    for (UUID runId : runIds) {
      payloads.add(
          database.transaction(
              environment,
              tx ->
                  tx.sql(
                          "select payload from runs where environment_id = :environment and run_id"
                              + " = :run_id")
                      .bind("run_id", runId)
                      .first(r -> r.text("payload"))));
    }
    return payloads;
  }

  private int transactions(List<UUID> runIds) {
    return Objects.requireNonNull(
        database.transaction(
            environment,
            tx ->
                tx.sql(
                        """
                        select count(distinct xmin::text)::int as n
                          from runs
                         where environment_id = :environment
                           and run_id = any (:run_ids)
                        """)
                    .uuids("run_ids", runIds)
                    .first(r -> r.integer("n"))));
  }

  private static NewRun run(String payload, @Nullable String key) {
    return NewRun.of("task").payload(payload).key(key(key)).build();
  }

  private static NewRun.@Nullable Key key(@Nullable String text) {
    return text == null ? null : new NewRun.Key(text, Duration.ofDays(1));
  }
}
