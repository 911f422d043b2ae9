package dev.fanfare.server;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.worker.QueueDefinition;
import dev.fanfare.protocol.worker.RetryPolicy;
import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.server.access.OneTimeToken;
import dev.fanfare.server.batch.Batch;
import dev.fanfare.server.batch.NewBatch;
import dev.fanfare.server.batch.TriggeredBatch;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.lease.ClaimMemory;
import dev.fanfare.server.lease.ClaimRuns.Claimant;
import dev.fanfare.server.lease.WaitingPolls.Seat;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.run.Source;
import dev.fanfare.server.text.Hash;
import dev.fanfare.server.trigger.TriggeredRun;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/** One environment of an {@link Engine}, and the calls of its clients and workers. */
public final class Tenant {
  /** The slots of every worker. */
  public static final int SLOTS = 100;

  /** Longer than a session stays alive without a contact. */
  public static final Duration LAPSE = Engine.SESSION_LEASE.plusSeconds(1);

  /** Longer than a claimed run may take to start, and shorter than {@link #LAPSE}. */
  public static final Duration NO_START = Engine.START_LIMIT.plusSeconds(1);

  private final Engine engine;
  private final int id;

  Tenant(Engine engine, int id) {
    this.engine = engine;
    this.id = id;
  }

  public int id() {
    return id;
  }

  public UUID trigger(Item item) {
    return triggered(item).runId();
  }

  public TriggeredRun triggered(Item item) {
    return triggered(item, (Hash) null);
  }

  public TriggeredRun triggered(Item item, Hash requestKey) {
    return triggered(engine.components, item, Source.API, requestKey, null);
  }

  public TriggeredRun triggered(Item item, Source source) {
    return triggered(engine.components, item, source, null, null);
  }

  public TriggeredRun triggered(Item item, OneTimeToken token) {
    return triggered(engine.components, item, Source.API, null, token);
  }

  /** Triggers a run on another server of the same database. */
  UUID triggerOn(Components server, Item item) {
    return triggered(server, item, Source.API, null, null).runId();
  }

  private TriggeredRun triggered(
      Components server, Item item, Source source, Hash requestKey, OneTimeToken token) {
    return server
        .trigger
        .triggerRun()
        .trigger(id, item.toRun(), source, requestKey, token)
        .orElseThrow(HttpError::of);
  }

  public TriggeredBatch batch(Item... items) {
    return batch(null, null, items);
  }

  public TriggeredBatch batch(OneTimeToken token, Item... items) {
    return batchOn(engine.components, new NewBatch(runs(items), null, null, Source.API, token));
  }

  public TriggeredBatch batch(String key, Hash requestKey, Item... items) {
    NewRun.Key batchKey = key == null ? null : new NewRun.Key(key, Item.KEY_LIFE);
    return batchOn(
        engine.components, new NewBatch(runs(items), batchKey, requestKey, Source.API, null));
  }

  /** Triggers a batch without keys on another server of the same database. */
  TriggeredBatch batchOn(Components server, Item... items) {
    return batchOn(server, new NewBatch(runs(items), null, null, Source.API, null));
  }

  private TriggeredBatch batchOn(Components server, NewBatch batch) {
    return server.batch.triggerBatch().trigger(id, batch).orElseThrow(HttpError::of);
  }

  private static List<NewRun> runs(Item... items) {
    return Arrays.stream(items).map(Item::toRun).toList();
  }

  /**
   * Triggers {@code count} equal runs in batches. The clock advances by a second after each batch.
   *
   * @return the ids in the order of the items
   */
  public List<UUID> triggerMany(int count, Item item) {
    List<UUID> runs = new ArrayList<>(count);
    while (runs.size() < count) {
      Item[] items = new Item[Math.min(1_000, count - runs.size())];
      Arrays.fill(items, item);
      batch(items).items().forEach(i -> runs.add(i.runId()));
      engine.clock.advance(Duration.ofSeconds(1));
    }
    return runs;
  }

  public void cancel(UUID runId) {
    engine.components.lease.cancelRun().cancel(id, runId);
  }

  /** A poll that waits on the server of the engine for up to {@code max} runs. */
  Seat seat(Claimant claimant, int max, ClaimMemory memory) {
    Seat seat =
        engine
            .components
            .lease
            .waitingPolls()
            .seat(id, claimant, max, memory, () -> true, () -> {});
    seat.take();
    return seat;
  }

  /** Opens the session of a worker with these tasks, without retries and with their own queues. */
  public Worker worker(String... tasks) {
    return worker(Arrays.stream(tasks).map(Tenant::task).toArray(TaskDefinition[]::new));
  }

  /** Opens the session of a worker that declares these tasks. */
  public Worker worker(TaskDefinition... tasks) {
    return workerOf("1", tasks);
  }

  /** Opens the session of a worker that runs this version of the code. */
  public Worker workerOf(String version, TaskDefinition... tasks) {
    UUID session =
        engine
            .components
            .sessions
            .open(id, new SessionRequest("worker", version, SLOTS, List.of(tasks)))
            .id();
    return new Worker(engine, engine.components, id, session);
  }

  /** A task without retries, in its own queue. */
  public static TaskDefinition task(String task) {
    return new TaskDefinition(task, null, new RetryPolicy(1, 0, 0, 1, false), null, null);
  }

  /** A task with a retry policy, in its own queue. */
  public static TaskDefinition task(String task, RetryPolicy retry) {
    return new TaskDefinition(task, null, retry, null, null);
  }

  /** A task without retries in a queue with a concurrency limit; null: no limit. */
  public static TaskDefinition limited(String task, String queue, Integer limit) {
    return new TaskDefinition(
        task, new QueueDefinition(queue, limit), new RetryPolicy(1, 0, 0, 1, false), null, null);
  }

  public Run run(UUID runId) {
    return Objects.requireNonNull(
        engine.components.run.readRuns().find(id, runId, bytes -> {}), "no run " + runId);
  }

  public RunStatus status(UUID runId) {
    return run(runId).status();
  }

  public Batch stored(UUID batchId) {
    return Objects.requireNonNull(
        engine.components.batch.readBatches().find(id, batchId, bytes -> {}));
  }

  /** The final runs of the batch, in item order. */
  public List<Run> finalRuns(UUID batchId) {
    List<Run> runs = new ArrayList<>();
    engine.components.batch.readBatches().eachFinal(id, stored(batchId), runs::add);
    return runs;
  }

  /** How many rows of a table belong to this environment. */
  public int count(String table) {
    String rows = table.equals("ready") ? "ready_runs" : table; // an entry may be of many runs
    return number(
        "select count(*)::int as n from " + rows + " where environment_id = :environment");
  }

  /** The slots in use, summed over all queues with a limit. */
  public int slotsInUse() {
    return number(
        "select coalesce(sum(in_use), 0)::int as n from slots where environment_id = :environment");
  }

  /** The value of column {@code n} in the result of a statement about this environment. */
  public int number(String sql) {
    return engine.database.transaction(id, tx -> tx.sql(sql).first(r -> r.integer("n")));
  }

  /** The outcome of every final run: its whole row as text, for comparison. */
  public Map<UUID, String> outcomes() {
    Map<UUID, String> outcomes = new HashMap<>();
    engine.database.transaction(
        id,
        tx ->
            tx.sql(
                    "select run_id, o::text as row from outcomes o where environment_id ="
                        + " :environment")
                .list(r -> outcomes.put(r.uuid("run_id"), r.text("row"))));
    return outcomes;
  }

  /** Sets how long runs of this environment are kept; {@code null}: as long as the servers say. */
  void keepFor(String retention) {
    engine.database.transaction(
        id,
        tx ->
            tx.sql(
                    """
                    update environments
                       set retention = :retention
                     where environment_id = :environment
                    """)
                .bind("retention", retention)
                .update());
  }

  /** The current time of the database's clock. */
  public Instant now() {
    return engine.database.now();
  }

  /** Reclaims, as if it were {@code now}; returns how many leases and sessions ended. */
  public int reclaim(Instant now) {
    return engine.sweep("LapseSweep", now) + engine.sweep("ReclaimSweep", now);
  }

  /** Queues the delayed runs that are due at {@code now}; returns how many. */
  public int queueDue(Instant now) {
    return engine.sweep("DueSweep", now);
  }

  /** Parks ready runs of tasks that no worker has declared; returns how many. */
  public int park() {
    return engine.sweep("ParkSweep", now());
  }

  /**
   * Lets time pass for sessions and leases. Their times come from the database's clock, which a
   * test cannot advance, so the stored times are moved back.
   */
  public void letTimePass(Duration span) {
    engine.database.transaction(
        id,
        tx -> {
          tx.sql(
                  """
                  update sessions
                     set expires_at = expires_at - :span * interval '1 millisecond'
                   where environment_id = :environment
                  """)
              .bind("span", span.toMillis())
              .update();
          return tx.sql(
                  """
                  update leases
                     set claimed_at = claimed_at - :span * interval '1 millisecond',
                         started_at = started_at - :span * interval '1 millisecond',
                         canceled_at = canceled_at - :span * interval '1 millisecond',
                         told_at = told_at - :span * interval '1 millisecond'
                   where environment_id = :environment
                  """)
              .bind("span", span.toMillis())
              .update();
        });
  }
}
