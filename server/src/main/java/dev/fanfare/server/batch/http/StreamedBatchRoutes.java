package dev.fanfare.server.batch.http;

import static dev.fanfare.server.config.ServerSettings.BATCH_ITEMS_MAX;
import static dev.fanfare.server.config.ServerSettings.IDEMPOTENCY_KEY_TTL;
import static dev.fanfare.server.config.ServerSettings.ITEM_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.STREAMED_BATCH_ITEMS_MAX;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.server.access.http.AuthenticatedRoutes;
import dev.fanfare.server.access.http.Caller;
import dev.fanfare.server.access.http.HttpAccess;
import dev.fanfare.server.access.http.RateLimits;
import dev.fanfare.server.access.http.ResponseTokens;
import dev.fanfare.server.access.http.Scopes;
import dev.fanfare.server.batch.AddItems;
import dev.fanfare.server.batch.AnnounceBatch;
import dev.fanfare.server.batch.BatchComponent;
import dev.fanfare.server.batch.http.AnnouncementReader.Announcement;
import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.trigger.http.CheckParents;
import dev.fanfare.server.trigger.http.ItemReader;
import dev.fanfare.server.trigger.http.TriggerHeaders;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The routes of streamed batches: one announces a batch, the other streams its items. */
public final class StreamedBatchRoutes implements Component {
  private static final long ANNOUNCEMENT_BODY_BYTES_MAX = 128 * 1024;

  private final AuthenticatedRoutes authenticated;
  private final ResponseTokens tokens;
  private final RateLimits rates;
  private final AnnounceBatch announceBatch;
  private final AddItems addItems;
  private final CheckParents checkParents;
  private final InstantSource clock;
  private final ServerConfig config;

  public StreamedBatchRoutes(
      Resources resources, HttpAccess access, BatchComponent batch, CheckParents checkParents) {
    this.authenticated = access.authenticated();
    this.tokens = access.responseTokens();
    this.rates = access.rates();
    this.announceBatch = batch.announceBatch();
    this.addItems = batch.addItems();
    this.checkParents = checkParents;
    this.clock = resources.clock();
    this.config = resources.config();
  }

  @Override
  public List<Route> routes() {
    return List.of(
        authenticated.post("/api/v3/batches", BatchRoutes.TRIGGER, this::announce),
        authenticated.post(
            "/api/v3/batches/{batch}/items",
            BatchRoutes.TRIGGER.freeAtFirst("batch"),
            this::items));
  }

  private Response announce(Exchange exchange, Caller caller) {
    Announcement announced =
        AnnouncementReader.read(
            exchange.body(ANNOUNCEMENT_BODY_BYTES_MAX),
            config.get(STREAMED_BATCH_ITEMS_MAX),
            config.get(BATCH_ITEMS_MAX));
    requireAnnounce(caller, announced.tasks());
    if (announced.parent() != null) {
      checkParents.check(caller, Map.of(announced.parent(), "create batch"));
    }
    if (announced.itemCount() > 0) {
      rates.takeBatch(caller.environment().id(), announced.itemCount());
    }
    NewRun.Key key =
        announced.key() == null
            ? null
            : new NewRun.Key(announced.key(), config.get(IDEMPOTENCY_KEY_TTL));
    AnnounceBatch.Announced batch =
        announceBatch
            .announce(
                caller.environment().id(),
                new AnnounceBatch.Announcement(
                    announced.itemCount(),
                    announced.parent(),
                    key,
                    TriggerHeaders.requestKey(
                        exchange, "streamed batch of " + announced.itemCount(), announced.tasks()),
                    caller.oneTimeToken()))
            .orElseThrow(HttpError::of);
    return tokens.add(
        Response.json(
            batch.repeated() ? 200 : 202,
            BatchResponses.announced(batch, batch.repeated() ? null : announced.key())),
        caller,
        tokenScopes(exchange, caller, PublicId.format(PublicId.BATCH, batch.batchId())));
  }

  /**
   * Without a scope for all tasks or batches, a caller must name the tasks of its batch and may
   * trigger each of them.
   */
  private static void requireAnnounce(Caller caller, List<String> tasks) {
    if (!caller.may("batchTrigger", Scopes.all("batch"))) {
      caller.requireEach("batchTrigger", "tasks", tasks);
    }
  }

  /**
   * The scopes of the token in the response. A browser, which has no secret key, streams the items
   * with that token. The scope allows items of any task, so a caller without access to all tasks
   * does not get it and streams with its own token.
   */
  private static List<String> tokenScopes(Exchange exchange, Caller caller, String id) {
    boolean streams =
        "browser".equals(exchange.header("x-trigger-client"))
            && caller.may("batchTrigger", Scopes.all("tasks"));
    return streams ? List.of("read:batch:" + id, "write:batch:" + id) : List.of("read:batch:" + id);
  }

  private Response items(Exchange exchange, Caller caller) {
    String id = exchange.path("batch");
    boolean anyTask =
        caller.may("write", Scopes.one("batch", id))
            || caller.may("batchTrigger", Scopes.all("tasks"));
    if (!anyTask) {
      caller.requireSome("batchTrigger", "tasks");
      if (!exchange.hasBody()) {
        throw Caller.forbidden(); // as for a stream without items
      }
    }
    checkContent(exchange);
    UUID batchId = PublicId.parse(PublicId.BATCH, id);
    if (batchId == null) {
      throw new HttpError(422, "Invalid batchFriendlyId: " + id);
    }
    int itemBytesMax = config.get(ITEM_BYTES_MAX);
    ItemLines lines =
        new ItemLines(
            exchange.stream(
                (long) config.get(STREAMED_BATCH_ITEMS_MAX) * itemBytesMax,
                2L * AddItems.BUFFER_BYTES_MAX + itemBytesMax),
            new ItemReader(config, clock.instant()),
            itemBytesMax,
            task -> {
              if (!anyTask) {
                caller.requireAny("batchTrigger", Scopes.one("tasks", task));
              }
            });
    if (!anyTask && !lines.hasItem()) {
      throw Caller.forbidden(); // the state of a batch is told only to those who may add to it
    }
    AddItems.Added added =
        addItems
            .add(
                caller.environment().id(),
                batchId,
                TriggerHeaders.source(exchange),
                lines,
                ending(exchange, caller))
            .orElseThrow(HttpError::of);
    return Response.json(200, BatchResponses.added(id, added));
  }

  /** What the last stream of an open-ended batch says; {@code null} for any other stream. */
  private AddItems.@Nullable Ending ending(Exchange exchange, Caller caller) {
    String runCount = exchange.query("runCount");
    if (runCount == null) {
      return null;
    }
    int count = AnnouncementReader.itemCount(runCount, config.get(STREAMED_BATCH_ITEMS_MAX));
    return new AddItems.Ending(count, () -> rates.takeBatch(caller.environment().id(), count));
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
