package dev.fanfare.server.batch;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.server.access.Caller;
import dev.fanfare.server.access.Doors;
import dev.fanfare.server.access.RateLimits;
import dev.fanfare.server.access.ResponseTokens;
import dev.fanfare.server.access.Scopes;
import dev.fanfare.server.batch.wire.BatchAnswers;
import dev.fanfare.server.batch.wire.CreateReader;
import dev.fanfare.server.batch.wire.CreateReader.Announcement;
import dev.fanfare.server.batch.wire.ItemLines;
import dev.fanfare.server.http.Answer;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.run.CheckParents;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.wire.ItemReader;
import dev.fanfare.server.run.wire.RequestMarks;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/** Batches in two calls: the first announces a batch, the second streams its items. */
public final class StreamedBatchRoutes {
  private static final long CREATE_BODY_BYTES_MAX = 128 * 1024;

  private final Doors doors;
  private final ResponseTokens tokens;
  private final RateLimits rates;
  private final CreateBatch create;
  private final AddItems add;
  private final CheckParents parents;
  private final InstantSource clock;
  private final BatchRoutes.Limits limits;

  public StreamedBatchRoutes(
      Doors doors,
      ResponseTokens tokens,
      RateLimits rates,
      CreateBatch create,
      AddItems add,
      CheckParents parents,
      InstantSource clock,
      BatchRoutes.Limits limits) {
    this.doors = doors;
    this.tokens = tokens;
    this.rates = rates;
    this.create = create;
    this.add = add;
    this.parents = parents;
    this.clock = clock;
    this.limits = limits;
  }

  /** The routes of this room's streamed batches. */
  public List<Route> routes() {
    return List.of(
        doors.post("/api/v3/batches", BatchRoutes.TRIGGER, this::create),
        doors.post(
            "/api/v3/batches/{batch}/items",
            BatchRoutes.TRIGGER.freeAtFirst("batch"),
            this::items));
  }

  private Answer create(Exchange exchange, Caller caller) {
    Announcement asked = CreateReader.read(exchange.body(CREATE_BODY_BYTES_MAX), limits.itemsMax());
    if (asked.tasks().isEmpty()) { // some clients do not say: each item will be asked for then
      caller.requireSome("batchTrigger", "tasks");
    } else {
      caller.requireEach("batchTrigger", "tasks", asked.tasks());
    }
    if (asked.parent() != null) {
      parents.check(caller, Map.of(asked.parent(), "create batch"));
    }
    rates.takeBatch(caller.environment().id(), asked.itemCount());
    List<String> marks = new ArrayList<>(asked.tasks());
    marks.add(Integer.toString(asked.itemCount()));
    CreateBatch.Created created =
        create.create(
            caller.environment().id(),
            asked.itemCount(),
            asked.parent(),
            asked.key() == null ? null : new NewRun.Key(asked.key(), limits.item().keyTtl()),
            RequestMarks.requestKey(exchange, "streamed batch", marks),
            caller.oneTimeToken());
    String id = PublicId.format(PublicId.BATCH, created.batchId());
    List<String> scopes = new ArrayList<>(List.of("read:batch:" + id));
    if ("browser".equals(exchange.header("x-trigger-client"))
        && caller.may("batchTrigger", Scopes.all("tasks"))) {
      // A browser has no key with which to stream the items. Who may trigger some tasks only goes
      // on with the token it has: this scope would let it stream items of any task.
      scopes.add("write:batch:" + id);
    }
    return tokens.add(
        Answer.json(
            created.repeated() ? 200 : 202,
            BatchAnswers.created(created, created.repeated() ? null : asked.key())),
        caller,
        scopes,
        false);
  }

  private Answer items(Exchange exchange, Caller caller) {
    String id = exchange.path("batch");
    boolean anyTask = caller.may("write", Scopes.one("batch", id));
    if (!anyTask) {
      caller.requireSome("batchTrigger", "tasks");
    }
    checkContent(exchange);
    UUID batchId = PublicId.parse(PublicId.BATCH, id);
    if (batchId == null) {
      throw new HttpError(422, "Invalid batchFriendlyId: " + id);
    }
    int itemBytesMax = limits.item().itemBytesMax();
    ItemLines lines =
        new ItemLines(
            exchange.stream(
                (long) limits.itemsMax() * itemBytesMax,
                2L * AddItems.HELD_CHARS_MAX + itemBytesMax),
            new ItemReader(limits.item(), clock.instant()),
            itemBytesMax,
            task -> {
              if (!anyTask) {
                caller.requireAny("batchTrigger", Scopes.one("tasks", task));
              }
            });
    AddItems.Added added =
        add.add(caller.environment().id(), batchId, RequestMarks.source(exchange), lines);
    return Answer.json(200, BatchAnswers.added(id, added));
  }

  private static void checkContent(Exchange exchange) {
    String type = exchange.header("Content-Type");
    String lower = type == null ? "" : type.toLowerCase(Locale.ROOT);
    if (!lower.contains("application/x-ndjson") && !lower.contains("application/ndjson")) {
      throw new HttpError(415, "Content-Type must be application/x-ndjson or application/ndjson");
    }
    if (!exchange.hasBody()) {
      throw new HttpError(400, "Request body is required");
    }
  }
}
