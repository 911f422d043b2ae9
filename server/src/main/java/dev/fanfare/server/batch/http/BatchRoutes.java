package dev.fanfare.server.batch.http;

import static dev.fanfare.server.config.ServerSettings.BATCH_BODY_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.BATCH_ITEMS_MAX;
import static dev.fanfare.server.config.ServerSettings.IDEMPOTENCY_KEY_TTL;
import static dev.fanfare.server.config.ServerSettings.OUTPUT_BYTES_MAX;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.access.Environment;
import dev.fanfare.server.access.http.AuthenticatedRoutes;
import dev.fanfare.server.access.http.Caller;
import dev.fanfare.server.access.http.HttpAccess;
import dev.fanfare.server.access.http.RateLimits;
import dev.fanfare.server.access.http.ResponseTokens;
import dev.fanfare.server.access.http.Scopes;
import dev.fanfare.server.batch.Batch;
import dev.fanfare.server.batch.BatchComponent;
import dev.fanfare.server.batch.NewBatch;
import dev.fanfare.server.batch.ReadBatches;
import dev.fanfare.server.batch.TriggerBatch;
import dev.fanfare.server.batch.TriggeredBatch;
import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.RequestTexts;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.http.ResultJson;
import dev.fanfare.server.trigger.http.CheckParents;
import dev.fanfare.server.trigger.http.ItemReader;
import dev.fanfare.server.trigger.http.TriggerHeaders;
import java.io.InputStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/** The routes that trigger and read batches. */
public final class BatchRoutes implements Component {
  /** The id of a run as it is answered. */
  private static final long ANSWER_ITEM_BYTES = 33;

  /** An answer that is not streamed, with what it is made of. */
  private static final long ANSWER_BYTES = 256 * 1024;

  static final Access TRIGGER = Access.keyOrToken("batchTrigger:tasks");

  private final AuthenticatedRoutes authenticated;
  private final ResponseTokens tokens;
  private final RateLimits rates;
  private final TriggerBatch triggerBatch;
  private final ReadBatches readBatches;
  private final CheckParents checkParents;
  private final InstantSource clock;
  private final ServerConfig config;

  public BatchRoutes(
      Resources resources, HttpAccess access, BatchComponent batch, CheckParents checkParents) {
    this.authenticated = access.authenticated();
    this.tokens = access.responseTokens();
    this.rates = access.rates();
    this.triggerBatch = batch.triggerBatch();
    this.readBatches = batch.readBatches();
    this.checkParents = checkParents;
    this.clock = resources.clock();
    this.config = resources.config();
  }

  @Override
  public List<Route> routes() {
    return List.of(
        authenticated.post("/api/v1/tasks/{task}/batch", Access.key(), this::triggerTask),
        authenticated.post("/api/v1/tasks/batch", TRIGGER, this::triggerTasks),
        authenticated.post("/api/v2/tasks/batch", TRIGGER, this::triggerTasksCounted),
        authenticated.get(
            "/api/v1/batches/{batch}", Access.keyOrToken("read:batch"), this::retrieve),
        authenticated.get(
            "/api/v2/batches/{batch}", Access.keyOrToken("read:batch"), this::retrieve),
        authenticated.get("/api/v1/batches/{batch}/results", Access.key(), this::results));
  }

  /** Reads the batch key of a request, if it has one. */
  private interface KeyReader {
    NewRun.@Nullable Key read(Exchange exchange, Duration defaultTtl);
  }

  /** Triggers items of the task in the path. */
  private Response triggerTask(Exchange exchange, Caller caller) {
    TriggeredBatch batch = trigger(exchange, caller, exchange.path("task"), TriggerHeaders::key);
    return withToken(Response.json(200, TriggeredBatchJson.withRunIds(batch)), caller, batch);
  }

  /**
   * Triggers items of several tasks. SDKs, which send their version, expect a response other than
   * the documented one.
   */
  private Response triggerTasks(Exchange exchange, Caller caller) {
    TriggeredBatch batch = trigger(exchange, caller, null, TriggerHeaders::keyWithTtl);
    boolean sdk = exchange.header("trigger-version") != null;
    Response response =
        sdk
            ? Response.json(202, TriggeredBatchJson.withRunObjects(batch))
            : Response.json(200, TriggeredBatchJson.withRunIds(batch));
    return withToken(response, caller, batch);
  }

  /**
   * Triggers items of several tasks. This version's response does not contain the runs, and it has
   * no batch key: the header is ignored.
   */
  private Response triggerTasksCounted(Exchange exchange, Caller caller) {
    TriggeredBatch batch = trigger(exchange, caller, null, (headers, ttl) -> null);
    return withToken(
        Response.json(batch.repeated() ? 200 : 202, BatchResponses.counted(batch)), caller, batch);
  }

  /**
   * Reads and checks the request, then triggers the batch. The order of the checks is that of the
   * errors in {@code docs/reference/batch-trigger.md}.
   *
   * @param task the task of every item; absent: each item names its own
   * @param keyReader reads the batch key from the headers
   */
  private TriggeredBatch trigger(
      Exchange exchange, Caller caller, @Nullable String task, KeyReader keyReader) {
    InputStream body = exchange.body(config.get(BATCH_BODY_BYTES_MAX));
    if (task != null) {
      RequestTexts.taskId("taskIdentifier", task);
    }
    checkStrategy(exchange);
    NewRun.Key key = keyReader.read(exchange, config.get(IDEMPOTENCY_KEY_TTL));
    if (exchange.isLong()) {
      caller.requireSome("batchTrigger", "tasks");
    }
    ItemReader items = new ItemReader(config, clock.instant());
    List<NewRun> runs =
        new BatchReader(items, config.get(BATCH_ITEMS_MAX), task, exchange::reserve).read(body);
    List<String> tasks = runs.stream().map(NewRun::task).distinct().toList();
    caller.requireEach("batchTrigger", "tasks", tasks);
    checkParents.check(caller, runs);
    NewBatch batch =
        new NewBatch(
            runs,
            key,
            TriggerHeaders.requestKey(exchange, "batch", tasks),
            TriggerHeaders.source(exchange),
            caller.oneTimeToken());
    rates.takeBatch(caller.environment().id(), runs.size());
    return triggerBatch.trigger(caller.environment().id(), batch).orElseThrow(HttpError::of);
  }

  /** Only validates the header: all runs are created at once, which satisfies both strategies. */
  private static void checkStrategy(Exchange exchange) {
    String name = "batch-processing-strategy";
    String strategy = exchange.header(name);
    if (strategy != null && !strategy.equals("sequential") && !strategy.equals("parallel")) {
      throw HttpError.header(name, "must be sequential or parallel");
    }
  }

  /** Adds a public access token that can read the batch. */
  private Response withToken(Response response, Caller caller, TriggeredBatch batch) {
    return tokens.add(
        response,
        caller,
        List.of("read:batch:" + PublicId.format(PublicId.BATCH, batch.batchId())));
  }

  private Response retrieve(Exchange exchange, Caller caller) {
    Batch batch = find(caller.environment(), exchange);
    if (batch == null) {
      // Asks clients to retry, because they may read a batch right after triggering it.
      throw new HttpError(Response.error(404, "Not found").with("x-should-retry", "true"));
    }
    caller.requireAny("read", Scopes.one("batch", exchange.path("batch")), Scopes.all("runs"));
    List<UUID> runIds = batch.runIds().size() > runsMax(exchange) ? List.of() : batch.runIds();
    Map<String, Object> response =
        BatchResponses.batch(batch, runIds, exchange.header("trigger-version"));
    return Response.json(
        200, runIds.size() * ANSWER_ITEM_BYTES, out -> WireJson.mapper().writeValue(out, response));
  }

  /** A client that waits for a large batch need not read all ids again and again. */
  private static int runsMax(Exchange exchange) {
    String max = exchange.query("maxRuns");
    if (max == null) {
      return Integer.MAX_VALUE;
    }
    if (!max.matches("[0-9]{1,9}")) {
      throw HttpError.query("maxRuns", "Must be a number");
    }
    return Integer.parseInt(max);
  }

  private Response results(Exchange exchange, Caller caller) {
    Batch batch = find(caller.environment(), exchange);
    if (batch == null) {
      throw new HttpError(404, "Batch not found");
    }
    exchange.reserveAnswer(
        readBatches.bytesOfFinal(caller.environment().id(), batch, config.get(OUTPUT_BYTES_MAX)));
    return Response.stream(
        200,
        out -> {
          // Not closed on failure, because closing would complete the truncated JSON.
          JsonGenerator json = WireJson.mapper().createGenerator(out);
          json.writeStartObject();
          json.writeStringProperty("id", exchange.path("batch"));
          json.writeName("items");
          json.writeStartArray();
          readBatches.eachFinal(
              caller.environment().id(), batch, run -> json.writePOJO(ResultJson.result(run)));
          json.writeEndArray();
          json.writeEndObject();
          json.close();
        });
  }

  private @Nullable Batch find(Environment environment, Exchange exchange) {
    exchange.reserve(ANSWER_BYTES);
    UUID batchId = PublicId.parse(PublicId.BATCH, exchange.path("batch"));
    return batchId == null ? null : readBatches.find(environment.id(), batchId, exchange::reserve);
  }
}
