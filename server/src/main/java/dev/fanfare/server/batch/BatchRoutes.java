package dev.fanfare.server.batch;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.access.Caller;
import dev.fanfare.server.access.Doors;
import dev.fanfare.server.access.Environment;
import dev.fanfare.server.access.RateLimits;
import dev.fanfare.server.access.ResponseTokens;
import dev.fanfare.server.access.Scopes;
import dev.fanfare.server.batch.wire.BatchAnswers;
import dev.fanfare.server.batch.wire.BatchReader;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Answer;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.run.CheckParents;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.wire.ItemLimits;
import dev.fanfare.server.run.wire.ItemReader;
import dev.fanfare.server.run.wire.RequestMarks;
import dev.fanfare.server.run.wire.ResultJson;
import java.io.InputStream;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/** Triggering and reading batches. */
public final class BatchRoutes {
  static final Access TRIGGER = Access.keyOrToken("batchTrigger:tasks");

  private final Doors doors;
  private final ResponseTokens tokens;
  private final RateLimits rates;
  private final TriggerBatch trigger;
  private final ReadBatches read;
  private final CheckParents parents;
  private final InstantSource clock;
  private final Limits limits;

  /**
   * @param item what one item may be
   * @param itemsMax most items of a batch
   * @param bodyBytesMax longest body
   */
  public record Limits(ItemLimits item, int itemsMax, long bodyBytesMax) {}

  public BatchRoutes(
      Doors doors,
      ResponseTokens tokens,
      RateLimits rates,
      TriggerBatch trigger,
      ReadBatches read,
      CheckParents parents,
      InstantSource clock,
      Limits limits) {
    this.doors = doors;
    this.tokens = tokens;
    this.rates = rates;
    this.trigger = trigger;
    this.read = read;
    this.parents = parents;
    this.clock = clock;
    this.limits = limits;
  }

  /** The routes of this room. */
  public List<Route> routes() {
    return List.of(
        doors.post("/api/v1/tasks/{task}/batch", Access.key(), this::triggerTask),
        doors.post("/api/v1/tasks/batch", TRIGGER, this::triggerTasks),
        doors.post("/api/v2/tasks/batch", TRIGGER, this::triggerTasksCounted),
        doors.get("/api/v1/batches/{batch}", Access.keyOrToken("read:batch"), this::retrieve),
        doors.get("/api/v2/batches/{batch}", Access.keyOrToken("read:batch"), this::retrieve),
        doors.get("/api/v1/batches/{batch}/results", Access.key(), this::results));
  }

  /** Many items of one task. The task stands in the path, the ids in {@code runs}: always. */
  private Answer triggerTask(Exchange exchange, Caller caller) {
    TriggeredBatch batch = trigger(exchange, caller, exchange.path("task"));
    return answer(caller, batch, 200, false);
  }

  /**
   * Items of many tasks. An SDK, known by its version, reads another answer than the documented.
   */
  private Answer triggerTasks(Exchange exchange, Caller caller) {
    TriggeredBatch batch = trigger(exchange, caller, null);
    boolean sdk = exchange.header("trigger-version") != null;
    return answer(caller, batch, sdk ? 202 : 200, sdk);
  }

  /** Version 2: the same, and the runs are left to be read later. */
  private Answer triggerTasksCounted(Exchange exchange, Caller caller) {
    TriggeredBatch batch = trigger(exchange, caller, null);
    return withToken(
        Answer.json(batch.repeated() ? 200 : 202, BatchAnswers.counted(batch)), caller, batch);
  }

  private TriggeredBatch trigger(Exchange exchange, Caller caller, @Nullable String task) {
    InputStream body = exchange.body(limits.bodyBytesMax());
    if (task != null) {
      ItemReader.checkTask("taskIdentifier", task);
    }
    checkStrategy(exchange);
    NewRun.Key key = RequestMarks.key(exchange, limits.item().keyTtl(), task == null);
    ItemReader items = new ItemReader(limits.item(), clock.instant());
    List<NewRun> runs = new BatchReader(items, limits.itemsMax(), task).read(body);
    List<String> tasks = runs.stream().map(NewRun::task).distinct().toList();
    caller.requireEach("batchTrigger", "tasks", tasks);
    parents.check(caller, runs);
    NewBatch batch =
        new NewBatch(
            runs,
            key,
            RequestMarks.requestKey(exchange, "batch", tasks),
            RequestMarks.source(exchange),
            caller.oneTimeToken());
    rates.takeBatch(caller.environment().id(), runs.size());
    return trigger.trigger(caller.environment().id(), batch);
  }

  /** All runs are made at once, so both strategies are met; a third would be a mistake. */
  private static void checkStrategy(Exchange exchange) {
    String name = "batch-processing-strategy";
    String strategy = exchange.header(name);
    if (strategy != null && !strategy.equals("sequential") && !strategy.equals("parallel")) {
      throw HttpError.header(name, "must be sequential or parallel");
    }
  }

  private Answer answer(Caller caller, TriggeredBatch batch, int status, boolean runsAsObjects) {
    return withToken(
        Answer.json(status, BatchAnswers.triggered(batch, runsAsObjects)), caller, batch);
  }

  private Answer withToken(Answer answer, Caller caller, TriggeredBatch batch) {
    return tokens.add(
        answer,
        caller,
        List.of("read:batch:" + PublicId.format(PublicId.BATCH, batch.batchId())),
        false);
  }

  private Answer retrieve(Exchange exchange, Caller caller) {
    Batch batch = find(caller.environment(), exchange);
    if (batch == null) {
      // Right after a trigger another server may answer; clients try again when told to.
      throw new HttpError(Answer.error(404, "Not found").with("x-should-retry", "true"));
    }
    caller.requireAny("read", Scopes.one("batch", exchange.path("batch")), Scopes.all("runs"));
    return Answer.json(200, BatchAnswers.batch(batch, exchange.header("trigger-version")));
  }

  private Answer results(Exchange exchange, Caller caller) {
    Batch batch = find(caller.environment(), exchange);
    if (batch == null) {
      throw new HttpError(404, "Batch not found");
    }
    return Answer.stream(
        200,
        out -> {
          // Closed at the very end only: closing in the middle would complete the JSON.
          JsonGenerator json = WireJson.mapper().createGenerator(out);
          json.writeStartObject();
          json.writeStringProperty("id", exchange.path("batch"));
          json.writeName("items");
          json.writeStartArray();
          read.eachEnded(
              caller.environment().id(), batch, run -> json.writePOJO(ResultJson.result(run)));
          json.writeEndArray();
          json.writeEndObject();
          json.close();
        });
  }

  private @Nullable Batch find(Environment environment, Exchange exchange) {
    UUID batchId = PublicId.parse(PublicId.BATCH, exchange.path("batch"));
    return batchId == null ? null : read.find(environment.id(), batchId);
  }
}
