package dev.fanfare.server.run;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.server.access.Caller;
import dev.fanfare.server.access.Doors;
import dev.fanfare.server.access.ResponseTokens;
import dev.fanfare.server.access.Scopes;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Answer;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.JsonReader;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.packet.PacketUrls;
import dev.fanfare.server.run.wire.ItemLimits;
import dev.fanfare.server.run.wire.ItemReader;
import dev.fanfare.server.run.wire.ListQuery;
import dev.fanfare.server.run.wire.RequestMarks;
import dev.fanfare.server.run.wire.ResultJson;
import dev.fanfare.server.run.wire.RunJson;
import dev.fanfare.server.run.wire.Statuses;
import java.io.InputStream;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Triggering one run, and reading runs. */
public final class RunRoutes {
  private final Doors doors;
  private final ResponseTokens tokens;
  private final TriggerRun trigger;
  private final ReadRuns read;
  private final CheckParents parents;
  private final PacketUrls packets;
  private final InstantSource clock;
  private final Limits limits;

  /**
   * @param item what one item may be
   * @param bodyBytesMax longest body of a single trigger
   * @param pageSizeMax most runs on a page
   */
  public record Limits(ItemLimits item, long bodyBytesMax, int pageSizeMax) {}

  public RunRoutes(
      Doors doors,
      ResponseTokens tokens,
      TriggerRun trigger,
      ReadRuns read,
      CheckParents parents,
      PacketUrls packets,
      InstantSource clock,
      Limits limits) {
    this.doors = doors;
    this.tokens = tokens;
    this.trigger = trigger;
    this.read = read;
    this.parents = parents;
    this.packets = packets;
    this.clock = clock;
    this.limits = limits;
  }

  /** The routes of this room. */
  public List<Route> routes() {
    return List.of(
        doors.post(
            "/api/v1/tasks/{task}/trigger", Access.keyOrToken("trigger:tasks"), this::trigger),
        doors.get("/api/v3/runs/{run}", Access.keyOrToken("read:runs"), this::retrieve),
        doors.get("/api/v1/runs/{run}/result", Access.key(), this::result),
        doors.get(
            "/api/v1/runs/{run}/packets/{field}",
            Access.keyOrToken("read:runs").unmetered(),
            this::packet),
        doors.get("/api/v1/runs", Access.keyOrToken("read:runs"), this::list));
  }

  private Answer trigger(Exchange exchange, Caller caller) {
    InputStream body = exchange.body(limits.bodyBytesMax());
    String task = ItemReader.checkTask("taskIdentifier", exchange.path("task"));
    NewRun.Key headerKey = RequestMarks.key(exchange, limits.item().keyTtl(), true);
    ItemReader.Single item = new ItemReader(limits.item(), clock.instant()).single(task);
    JsonReader.readObject(body, item);
    caller.requireAny("trigger", Scopes.one("tasks", task));
    NewRun asked = headerKey == null ? item.run() : item.run().toBuilder().key(headerKey).build();
    parents.check(caller, List.of(asked));
    TriggeredRun run =
        trigger.trigger(
            caller.environment().id(),
            asked,
            RequestMarks.source(exchange),
            RequestMarks.requestKey(exchange, "trigger", List.of(task)),
            caller.oneTimeToken());
    String id = PublicId.format(PublicId.RUN, run.runId());
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("id", id);
    answer.put("isCached", run.cached());
    return tokens.add(
        Answer.json(200, answer),
        caller,
        List.of("read:runs:" + id, "write:inputStreams:" + id),
        true);
  }

  private Answer retrieve(Exchange exchange, Caller caller) {
    UUID runId = PublicId.parse(PublicId.RUN, exchange.path("run"));
    int environmentId = caller.environment().id();
    Family family = runId == null ? null : read.family(environmentId, runId);
    if (family == null) {
      throw notFound();
    }
    requireReadable(caller, family.run());
    return Answer.json(
        200,
        new RunJson(Statuses.of(exchange))
            .run(family, path -> packets.download(exchange, environmentId, path)));
  }

  /** Right after a trigger another server may answer; clients try again when told to. */
  private static HttpError notFound() {
    return new HttpError(Answer.error(404, "Not found").with("x-should-retry", "true"));
  }

  private Run readable(Exchange exchange, Caller caller) {
    Run run = find(exchange, caller);
    if (run == null) {
      throw notFound();
    }
    requireReadable(caller, run);
    return run;
  }

  /** Where to fetch the payload or output of a run that keeps it in a packet. */
  private Answer packet(Exchange exchange, Caller caller) {
    Run run = readable(exchange, caller);
    String path =
        switch (exchange.path("field")) {
          case "payload" -> run.payloadPacket();
          case "output" -> run.outputPacket();
          default -> null;
        };
    if (path == null) {
      throw new HttpError(404, "Packet not found");
    }
    return Answer.json(
        200, Map.of("presignedUrl", packets.download(exchange, caller.environment().id(), path)));
  }

  private Answer result(Exchange exchange, Caller caller) {
    Run run = find(exchange, caller);
    if (run == null || !run.status().isFinal()) {
      throw new HttpError(404, "Run either doesn't exist or is not finished");
    }
    return Answer.json(200, ResultJson.result(run));
  }

  private @Nullable Run find(Exchange exchange, Caller caller) {
    UUID runId = PublicId.parse(PublicId.RUN, exchange.path("run"));
    return runId == null ? null : read.find(caller.environment().id(), runId);
  }

  /** A run can be named by its id, its task, its batch or any of its tags. */
  private static void requireReadable(Caller caller, Run run) {
    List<Scopes.Resource> names = new ArrayList<>();
    names.add(Scopes.one("runs", PublicId.format(PublicId.RUN, run.id())));
    names.add(Scopes.one("tasks", run.task()));
    if (run.batchId() != null) {
      names.add(Scopes.one("batch", PublicId.format(PublicId.BATCH, run.batchId())));
    }
    run.tags().forEach(tag -> names.add(Scopes.one("tags", tag)));
    caller.requireAny("read", names.toArray(Scopes.Resource[]::new));
  }

  private Answer list(Exchange exchange, Caller caller) {
    Statuses statuses = Statuses.of(exchange);
    ListQuery query = ListQuery.of(exchange, statuses, limits.pageSizeMax(), clock.instant());
    requireListable(caller, query.filter());
    ReadRuns.Page page =
        read.page(
            caller.environment().id(), query.filter(), query.size(), query.after(), query.before());
    return Answer.json(
        200,
        new RunJson(statuses)
            .page(page.runs(), caller.environment(), cursor(page.next()), cursor(page.previous())));
  }

  /** A token for some tasks may list them, when the list shows no others. */
  private static void requireListable(Caller caller, RunFilter filter) {
    Scopes.Resource allRuns = Scopes.all("runs");
    Scopes.Resource allTasks = Scopes.all("tasks");
    if (filter.tasks().isEmpty()) {
      caller.requireAny("read", allRuns, allTasks);
    }
    for (String task : filter.tasks()) {
      caller.requireAny("read", allRuns, allTasks, Scopes.one("tasks", task));
    }
  }

  private static @Nullable String cursor(@Nullable UUID runId) {
    return runId == null ? null : PublicId.format(PublicId.RUN, runId);
  }
}
