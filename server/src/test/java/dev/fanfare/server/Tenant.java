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

/** One environment of an {@link Engine}, and what happens in it. */
public final class Tenant {
  /** Longer than a session lives without a contact. */
  public static final Duration LAPSE = Engine.SESSION_LEASE.plusSeconds(1);

  /** Longer than a run may be held without being started, and shorter than a session lives. */
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
    return engine
        .components
        .trigger
        .triggerRun()
        .trigger(id, item.toRun(), Source.API, requestKey, null)
        .orElseThrow(HttpError::of);
  }

  public TriggeredRun triggered(Item item, Source source) {
    return engine
        .components
        .trigger
        .triggerRun()
        .trigger(id, item.toRun(), source, null, null)
        .orElseThrow(HttpError::of);
  }

  public TriggeredRun triggered(Item item, OneTimeToken token) {
    return engine
        .components
        .trigger
        .triggerRun()
        .trigger(id, item.toRun(), Source.API, null, token)
        .orElseThrow(HttpError::of);
  }

  public TriggeredBatch batch(Item... items) {
    return batch(null, null, items);
  }

  public TriggeredBatch batch(OneTimeToken token, Item... items) {
    List<NewRun> runs = Arrays.stream(items).map(Item::toRun).toList();
    return engine
        .components
        .batch
        .triggerBatch()
        .trigger(id, new NewBatch(runs, null, null, Source.API, token))
        .orElseThrow(HttpError::of);
  }

  public TriggeredBatch batch(String key, Hash requestKey, Item... items) {
    return engine
        .components
        .batch
        .triggerBatch()
        .trigger(
            id,
            new NewBatch(
                Arrays.stream(items).map(Item::toRun).toList(),
                key == null ? null : new NewRun.Key(key, Item.KEY_LIFE),
                requestKey,
                Source.API,
                null))
        .orElseThrow(HttpError::of);
  }

  /** Many runs of a task in batches, in order; the clock goes on between batches. */
  public List<UUID> many(int count, Item item) {
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

  /** A worker in touch that knows these tasks, each with a queue of its own and no retries. */
  public Worker worker(String... tasks) {
    return worker(Arrays.stream(tasks).map(Tenant::task).toArray(TaskDefinition[]::new));
  }

  public Worker worker(TaskDefinition... tasks) {
    return workerOf("1", tasks);
  }

  /** A worker of a version of the code. */
  public Worker workerOf(String version, TaskDefinition... tasks) {
    UUID session =
        engine.components.sessions.open(
            id, new SessionRequest("worker", version, 100, List.of(tasks)));
    return new Worker(engine, engine.components, id, session);
  }

  public static TaskDefinition task(String task) {
    return new TaskDefinition(task, null, new RetryPolicy(1, 0, 0, 1, false), null, null);
  }

  public static TaskDefinition task(String task, RetryPolicy retry) {
    return new TaskDefinition(task, null, retry, null, null);
  }

  /** A task whose runs wait in {@code queue}, of which {@code limit} may be held at once. */
  public static TaskDefinition limited(String task, String queue, Integer limit) {
    return new TaskDefinition(
        task, new QueueDefinition(queue, limit), new RetryPolicy(1, 0, 0, 1, false), null, null);
  }

  public Run run(UUID runId) {
    return Objects.requireNonNull(
        engine.components.run.readRuns().find(id, runId), "no run " + runId);
  }

  public RunStatus status(UUID runId) {
    return run(runId).status();
  }

  public Batch stored(UUID batchId) {
    return Objects.requireNonNull(engine.components.batch.readBatches().find(id, batchId));
  }

  /** The batch's runs that have ended, in item order. */
  public List<Run> ended(UUID batchId) {
    List<Run> runs = new ArrayList<>();
    engine.components.batch.readBatches().eachFinal(id, stored(batchId), runs::add);
    return runs;
  }

  /** How many rows of a table belong to this environment. */
  public int count(String table) {
    return number(
        "select count(*)::int as n from " + table + " where environment_id = :environment");
  }

  /** Slots in use, over all queues with a limit. */
  public int slotsInUse() {
    return number(
        "select coalesce(sum(in_use), 0)::int as n from slots where environment_id = :environment");
  }

  /** The result {@code n} of a statement with this environment as its only parameter. */
  public int number(String sql) {
    return engine.database.transaction(id, tx -> tx.sql(sql).first(r -> r.integer("n")));
  }

  /** How every run that ended did so: whole rows, as texts to compare. */
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

  /** The database's clock. */
  public Instant now() {
    return engine.database.now();
  }

  /** Takes back what was held by workers that have not been in touch up to {@code now}. */
  public int reclaim(Instant now) {
    return engine.sweep("ReclaimSweep", now);
  }

  /** Queues what is due at {@code now}. */
  public int due(Instant now) {
    return engine.sweep("DueSweep", now);
  }

  /**
   * Lets time pass for everything that the database's clock dates: what was stored moves back, as
   * that clock cannot be moved on.
   */
  public void timePasses(Duration span) {
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
                         canceled_at = canceled_at - :span * interval '1 millisecond'
                   where environment_id = :environment
                  """)
              .bind("span", span.toMillis())
              .update();
        });
  }
}
