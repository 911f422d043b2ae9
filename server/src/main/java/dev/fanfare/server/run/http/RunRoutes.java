package dev.fanfare.server.run.http;

import static dev.fanfare.server.config.ServerSettings.PAGE_SIZE_MAX;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.access.http.AuthenticatedRoutes;
import dev.fanfare.server.access.http.Caller;
import dev.fanfare.server.access.http.HttpAccess;
import dev.fanfare.server.access.http.Scopes;
import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.packet.http.PacketUrls;
import dev.fanfare.server.run.Family;
import dev.fanfare.server.run.ListRuns;
import dev.fanfare.server.run.ReadRuns;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.run.RunComponent;
import dev.fanfare.server.run.RunFilter;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The routes that read runs. */
public final class RunRoutes implements Component {
  private final AuthenticatedRoutes authenticated;
  private final ReadRuns runs;
  private final ListRuns lists;
  private final PacketUrls packets;
  private final InstantSource clock;
  private final int pageSizeMax;

  public RunRoutes(Resources resources, HttpAccess access, RunComponent run, PacketUrls packets) {
    this.authenticated = access.authenticated();
    this.runs = run.readRuns();
    this.lists = run.listRuns();
    this.packets = packets;
    this.clock = resources.clock();
    this.pageSizeMax = resources.config().get(PAGE_SIZE_MAX);
  }

  @Override
  public List<Route> routes() {
    return List.of(
        authenticated.get("/api/v3/runs/{run}", Access.keyOrToken("read:runs"), this::retrieve),
        authenticated.get("/api/v1/runs/{run}/result", Access.key(), this::result),
        authenticated.get(
            "/api/v1/runs/{run}/packets/{field}",
            Access.keyOrToken("read:runs").unmetered(),
            this::packet),
        authenticated.get("/api/v1/runs", Access.keyOrToken("read:runs"), this::list));
  }

  private Response retrieve(Exchange exchange, Caller caller) {
    UUID runId = PublicId.parse(PublicId.RUN, exchange.path("run"));
    int environmentId = caller.environment().id();
    Family family =
        runId == null ? null : runs.family(environmentId, runId, exchange::reserveAnswer);
    if (family == null) {
      throw notFound();
    }
    requireReadable(caller, family.run());
    return response(exchange, family, path -> packets.download(exchange, environmentId, path));
  }

  /** A run with all its fields, for which memory was reserved. */
  public static Response response(
      Exchange exchange, Family family, UnaryOperator<String> packetUrl) {
    RunJson json = new RunJson(Statuses.of(exchange));
    exchange.reserve(RunJson.conversionBytes(family.run()));
    return Response.json(200, exchange.answerBytes(), out -> json.run(family, packetUrl, out));
  }

  /** A 404 that asks clients to retry, because they may read a run right after triggering it. */
  private static HttpError notFound() {
    return new HttpError(Response.error(404, "Not found").with("x-should-retry", "true"));
  }

  private Run readable(Exchange exchange, Caller caller) {
    Run run = find(exchange, caller);
    if (run == null) {
      throw notFound();
    }
    requireReadable(caller, run);
    return run;
  }

  /** The presigned URL of the packet that holds a run's payload or output. */
  private Response packet(Exchange exchange, Caller caller) {
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
    return Response.json(
        200, Map.of("presignedUrl", packets.download(exchange, caller.environment().id(), path)));
  }

  private Response result(Exchange exchange, Caller caller) {
    Run run = find(exchange, caller);
    if (run == null || !run.status().isFinal()) {
      throw new HttpError(404, "Run either doesn't exist or is not finished");
    }
    Map<String, Object> result = ResultJson.result(run);
    return Response.json(
        200, exchange.answerBytes(), out -> WireJson.mapper().writeValue(out, result));
  }

  private @Nullable Run find(Exchange exchange, Caller caller) {
    UUID runId = PublicId.parse(PublicId.RUN, exchange.path("run"));
    return runId == null
        ? null
        : runs.find(caller.environment().id(), runId, exchange::reserveAnswer);
  }

  /** Requires a read scope for the run's id, its task, its batch or one of its tags. */
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

  private Response list(Exchange exchange, Caller caller) {
    Statuses statuses = Statuses.of(exchange);
    ListQuery query = ListQuery.of(exchange, statuses, pageSizeMax, clock.instant());
    requireListable(caller, query.filter());
    ListRuns.Page page =
        lists
            .page(
                caller.environment().id(),
                query.filter(),
                query.size(),
                query.after(),
                query.before(),
                reader(exchange))
            .orElseThrow(HttpError::of);
    String next = cursor(page.next());
    String previous = cursor(page.previous());
    return Response.json(
        200,
        exchange.answerBytes(),
        out -> new RunJson(statuses).page(page.runs(), caller.environment(), next, previous, out));
  }

  private static ListRuns.Reader reader(Exchange exchange) {
    return new ListRuns.Reader() {
      @Override
      public void reserve(long bytes) {
        exchange.reserveAnswer(bytes);
      }

      @Override
      public void requirePresent() {
        exchange.requireClient();
      }
    };
  }

  /** Requires a read scope for all runs or tasks, or for each task that the filter names. */
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
