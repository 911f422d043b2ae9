package dev.fanfare.server;

import static dev.fanfare.server.config.ServerSettings.POLL_WAIT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.batch.TriggeredBatch;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.lease.ClaimMemory;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.lease.WaitingPolls.Seat;
import dev.fanfare.server.text.Hash;
import dev.fanfare.server.worker.PollRuns;
import dev.fanfare.server.worker.PollRuns.Order;
import dev.fanfare.server.worker.PollRuns.Polled;
import dev.fanfare.testkit.Await;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** New runs that go to a poll that waits, without being queued and claimed. */
class HandOverTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  @AutoClose static final Engine engine = Engine.start();

  final Tenant tenant = engine.tenant();

  /** A poll of a worker that waits on the server of the engine for up to {@code max} runs. */
  private Seat seat(Worker worker, int max) {
    return tenant.seat(worker.claimant(1), max, Worker.PLENTY);
  }

  private static void execute(String sql) {
    engine.database.transaction(tx -> tx.sql(sql).update());
  }

  /** A worker on a server on which polls wait. */
  private Worker workerOn(Components server) {
    return new Worker(engine, server, tenant.id(), tenant.worker("a").session());
  }

  private static List<UUID> ids(List<ClaimedRun> runs) {
    return runs.stream().map(ClaimedRun::runId).toList();
  }

  private static List<UUID> ids(TriggeredBatch batch) {
    return batch.items().stream().map(TriggeredBatch.Item::runId).toList();
  }

  @Test
  void a_new_run_is_leased_to_a_waiting_poll_as_a_claim_would_lease_it() {
    Worker worker = tenant.worker("a");
    Item item =
        Item.of("a")
            .payload("{\"n\" : 1}")
            .tags("blue", "red")
            .metadata("{\"m\" : 2}")
            .maxAttempts(4)
            .maxDuration(Duration.ofSeconds(7))
            .concurrencyKey("k")
            .test();
    UUID claimedId = tenant.trigger(item);
    ClaimedRun claimed = worker.claimOne();
    Seat seat = seat(worker, 10);
    UUID handedId = tenant.trigger(item);
    List<ClaimedRun> handed = seat.leave();

    assertThat(ids(handed)).containsExactly(handedId);
    assertThat(handed.getFirst())
        .usingRecursiveComparison()
        .ignoringFields("runId")
        .isEqualTo(claimed);
    assertThat(tenant.count("ready")).isZero();
    assertThat(tenant.status(handedId)).isEqualTo(tenant.status(claimedId));
    assertThat(leases("run_id", "poll_no")).as("in all else").isEqualTo(1);
    Invariants.check(tenant);
    assertThat(worker.holds(handed.getFirst())).isTrue();
    assertThat(worker.succeed(handed.getFirst(), "1").lost()).isEmpty();
    assertThat(tenant.status(handedId)).isEqualTo(RunStatus.COMPLETED);
  }

  /** How many different leases there are, apart from these columns. */
  private int leases(String... without) {
    String columns = String.join("', '", without);
    return tenant.number(
        "select count(distinct to_jsonb(l) - array['claimed_at', '"
            + columns
            + "'])::int as n"
            + " from leases l where environment_id = :environment");
  }

  @Test
  void a_poll_gets_no_second_run_before_it_has_delivered_the_first() {
    Worker worker = tenant.worker("a");
    Seat seat = seat(worker, 10);
    UUID first = tenant.trigger(Item.of("a"));
    UUID second = tenant.trigger(Item.of("a"));
    assertThat(ids(seat.leave())).containsExactly(first);
    assertThat(worker.claimIds(5)).containsExactly(second);
    tenant.trigger(Item.of("a"));
    assertThat(seat.leave()).as("it has left").isEmpty();
    assertThat(tenant.count("ready")).isEqualTo(1);
  }

  @Test
  void a_batch_hands_over_as_many_runs_as_the_poll_can_take_and_queues_the_others() {
    Worker worker = tenant.worker("a");
    Seat seat = seat(worker, 3);
    List<UUID> ids = ids(tenant.batch(Collections.nCopies(50, Item.of("a")).toArray(Item[]::new)));
    List<ClaimedRun> handed = seat.leave();
    assertThat(ids(handed)).containsExactlyElementsOf(ids.subList(0, 3));
    Invariants.check(tenant);
    assertThat(worker.claimIds(100)).containsExactlyElementsOf(ids.subList(3, 50));
    handed.forEach(run -> worker.succeed(run, "1"));
    Invariants.check(tenant);
  }

  @Test
  void long_payloads_are_claimed() {
    Worker worker = tenant.worker("a");
    Item item = Item.of("a").payload("\"" + "p".repeat(100_000) + "\"");
    Seat seat = seat(worker, 10);
    List<UUID> ids = ids(tenant.batch(item, item, item));
    assertThat(ids(seat.leave())).containsExactly(ids.getFirst());
    assertThat(worker.claimIds(5)).containsExactlyElementsOf(ids.subList(1, 3));
  }

  @Test
  void what_is_not_ready_at_once_is_not_handed_over() {
    Worker worker = tenant.worker("a");
    tenant.worker("b");
    Seat seat = seat(worker, 10);
    tenant.trigger(Item.of("b"));
    tenant.trigger(Item.of("a").delayUntil(engine.clock.instant().plusSeconds(60)));
    tenant.trigger(Item.of("a").ttl(Duration.ofMinutes(1)));
    tenant.trigger(Item.of("a").key("may wait for another trigger"));
    tenant.trigger(Item.of("a").lockToVersion(version("other")));
    tenant.batch(Item.of("a"), Item.of("b"));
    assertThat(seat.leave()).isEmpty();
    assertThat(tenant.count("leases")).isZero();
    Invariants.check(tenant);
  }

  /** A version of other code than that of {@link Tenant#worker}. */
  private String version(String version) {
    tenant.workerOf(version, Tenant.task("a"));
    return version;
  }

  @Test
  void runs_of_a_limited_queue_are_queued() {
    Worker worker = tenant.worker(Tenant.limited("a", "q", 1));
    Seat seat = seat(worker, 10);
    List<UUID> ids = ids(tenant.batch(Item.of("a"), Item.of("a").queue("unlimited")));
    assertThat(ids(seat.leave())).containsExactly(ids.getLast());
    assertThat(tenant.slotsInUse()).isZero();
    assertThat(worker.claimIds(5)).containsExactly(ids.getFirst());
    Invariants.check(tenant);
  }

  @Test
  void a_poll_that_cannot_take_runs_gets_none() {
    Worker worker = tenant.worker("a");
    ClaimMemory spent =
        new ClaimMemory() {
          @Override
          public boolean isSpent() {
            return true;
          }

          @Override
          public void hold(long chars) {}
        };
    List<Seat> seats =
        List.of(
            tenant.seat(worker.claimant(1), 10, spent),
            tenant.seat(worker.claimant(0), 10, Worker.PLENTY));
    tenant.trigger(Item.of("a"));
    assertThat(seats).allMatch(seat -> seat.leave().isEmpty());
    assertThat(tenant.count("ready")).isEqualTo(1);
  }

  @Test
  void runs_of_a_session_that_is_over_are_queued() {
    Worker closed = tenant.worker("a");
    Seat ofClosed = seat(closed, 10);
    closed.close();
    UUID first = tenant.trigger(Item.of("a"));
    assertThat(ofClosed.leave()).isEmpty();

    Worker ended = tenant.worker("a");
    Seat ofEnded = seat(ended, 10);
    assertThat(ids(ended.poll(new Order(1, 3, 1, null)).now().runs())).containsExactly(first);
    UUID second = tenant.trigger(Item.of("a"));
    assertThat(ofEnded.leave()).as("another poll has followed").isEmpty();
    assertThat(ids(ended.poll(new Order(1, 4, 0, null)).now().runs())).containsExactly(second);
  }

  @Test
  void a_retired_lane_is_revived_first() {
    Worker worker = tenant.worker("a");
    tenant.trigger(Item.of("a"));
    worker.succeed(worker.claimOne(), "1");
    execute("update lanes set idle = true where environment_id = " + tenant.id());
    Seat seat = seat(worker, 10);
    UUID id = tenant.trigger(Item.of("a"));
    assertThat(ids(seat.leave())).containsExactly(id);
  }

  @Test
  void a_transaction_that_fails_ends_the_poll_with_its_failure() {
    Worker worker = tenant.worker("a");
    Seat seat = seat(worker, 10);
    execute(
        """
        create function fault() returns trigger language plpgsql as $$
        begin
          raise exception 'intended fault';
        end $$;
        create trigger fault before insert on leases for each statement execute function fault();
        """);
    try {
      assertThatThrownBy(() -> tenant.trigger(Item.of("a"))).isInstanceOf(DatabaseException.class);
    } finally {
      execute("drop trigger fault on leases; drop function fault()");
    }
    assertThatThrownBy(seat::leave).isInstanceOf(DatabaseException.class);
    assertThat(tenant.count("runs")).isZero();
  }

  /** The transaction is repeated when the key turns out to be taken, and then creates nothing. */
  @Test
  void a_repeated_request_hands_nothing_over_and_the_poll_goes_on_waiting() {
    Worker worker = tenant.worker("a");
    Hash ofRun = Hash.of("the request for a run");
    Hash ofBatch = Hash.of("the request for a batch");
    UUID run = tenant.triggered(Item.of("a"), ofRun).runId();
    List<UUID> batch = ids(tenant.batch(null, ofBatch, Item.of("a"), Item.of("a")));
    Seat seat = seat(worker, 10);
    assertThat(tenant.triggered(Item.of("a"), ofRun).runId()).isEqualTo(run);
    assertThat(ids(tenant.batch(null, ofBatch, Item.of("a"), Item.of("a")))).isEqualTo(batch);
    UUID another = tenant.trigger(Item.of("a"));
    assertThat(ids(seat.leave())).containsExactly(another);
    assertThat(worker.claimIds(5)).hasSize(3);
    Invariants.check(tenant);
  }

  @Test
  void a_batch_that_is_refused_hands_nothing_over() {
    Worker worker = tenant.worker("a");
    Seat seat = seat(worker, 10);
    assertThatThrownBy(() -> tenant.batch(Item.of("a"), Item.of("a").lockToVersion("unknown")))
        .isInstanceOf(HttpError.class);
    UUID id = tenant.trigger(Item.of("a"));
    assertThat(ids(seat.leave())).containsExactly(id);
  }

  @Test
  void a_worker_that_is_gone_gives_the_run_back() {
    Components server = engine.server(Engine.config().with(POLL_WAIT, Duration.ofMinutes(1)));
    Worker worker = workerOn(server);
    AtomicInteger looks = new AtomicInteger();
    PollRuns.Poll begun = worker.poll(new Order(1, 1, 0, null));
    assertThat(begun.now().isEmpty()).isTrue();
    CompletableFuture<Polled> poll =
        CompletableFuture.supplyAsync(() ->
            begun.await(() -> {
              looks.incrementAndGet();
              throw new IllegalStateException("the connection is gone");
            }));
    List<UUID> ids = new ArrayList<>();
    Await.until(
        "the poll looks for its worker",
        SOON,
        () -> {
          ids.add(tenant.triggerOn(server, Item.of("a")));
          return looks.get() > 0;
        });
    assertThatThrownBy(poll::join).hasRootCauseMessage("the connection is gone");
    assertThat(tenant.count("leases")).isZero();
    assertThat(worker.claimIds(1_000)).containsExactlyInAnyOrderElementsOf(ids);
    assertThat(
            tenant.number(
                "select max(losses)::int as n from leases where environment_id = :environment"))
        .isZero();
  }

  @Test
  void many_polls_and_triggers_at_once_execute_each_run_once() {
    Components server = engine.server(Engine.config().with(POLL_WAIT, Duration.ofMillis(200)));
    Worker worker = workerOn(server);
    List<Worker> workers = List.of(worker, workerOn(server));
    List<UUID> triggered = Collections.synchronizedList(new ArrayList<>());
    List<UUID> executed = Collections.synchronizedList(new ArrayList<>());
    int callers = 4;
    int each = 60;
    Concurrently.call(
        callers + workers.size(),
        n -> {
          if (n < callers) {
            for (int i = 0; i < each; i++) {
              triggered.addAll(
                  i % 3 == 0
                      ? ids(tenant.batchOn(server, Item.of("a"), Item.of("a")))
                      : List.of(tenant.triggerOn(server, Item.of("a"))));
            }
          } else {
            execute(workers.get(n - callers), executed, callers * each * 4 / 3);
          }
          return n;
        });
    assertThat(executed).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(triggered);
    Invariants.check(tenant);
  }

  private void execute(Worker worker, List<UUID> executed, int all) {
    for (int poll = 1; executed.size() < all; poll++) {
      PollRuns.Poll begun = worker.poll(new Order(5, poll, 0, null));
      Polled polled = begun.now();
      if (polled.isEmpty()) {
        polled = begun.await(() -> {});
      }
      executed.addAll(ids(polled.runs()));
      polled.runs().forEach(run -> assertThat(worker.succeed(run, "1").lost()).isEmpty());
    }
  }
}
