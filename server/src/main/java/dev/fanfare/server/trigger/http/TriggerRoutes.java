package dev.fanfare.server.trigger.http;

import static dev.fanfare.server.config.ServerSettings.IDEMPOTENCY_KEY_TTL;
import static dev.fanfare.server.config.ServerSettings.TRIGGER_BODY_BYTES_MAX;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.server.access.http.AuthenticatedRoutes;
import dev.fanfare.server.access.http.Caller;
import dev.fanfare.server.access.http.HttpAccess;
import dev.fanfare.server.access.http.ResponseTokens;
import dev.fanfare.server.access.http.Scopes;
import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.RequestTexts;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.json.JsonReader;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.trigger.TriggerComponent;
import dev.fanfare.server.trigger.TriggerRun;
import dev.fanfare.server.trigger.TriggeredRun;
import java.io.InputStream;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The route that triggers one run. */
public final class TriggerRoutes implements Component {
  private final AuthenticatedRoutes authenticated;
  private final ResponseTokens tokens;
  private final TriggerRun triggerRun;
  private final CheckParents checkParents;
  private final InstantSource clock;
  private final ServerConfig config;

  public TriggerRoutes(
      Resources resources, HttpAccess access, TriggerComponent trigger, CheckParents checkParents) {
    this.authenticated = access.authenticated();
    this.tokens = access.responseTokens();
    this.triggerRun = trigger.triggerRun();
    this.checkParents = checkParents;
    this.clock = resources.clock();
    this.config = resources.config();
  }

  @Override
  public List<Route> routes() {
    return List.of(
        authenticated.post(
            "/api/v1/tasks/{task}/trigger", Access.keyOrToken("trigger:tasks"), this::trigger));
  }

  private static void requireAllowed(Caller caller, String task) {
    caller.requireAny("trigger", Scopes.one("tasks", task));
  }

  private Response trigger(Exchange exchange, Caller caller) {
    InputStream body = exchange.body(config.get(TRIGGER_BODY_BYTES_MAX));
    String task = RequestTexts.taskId("taskIdentifier", exchange.path("task"));
    NewRun.Key headerKey = TriggerHeaders.keyWithTtl(exchange, config.get(IDEMPOTENCY_KEY_TTL));
    if (exchange.isLong()) {
      requireAllowed(caller, task);
    }
    ItemReader.Single item = new ItemReader(config, clock.instant()).single(task);
    JsonReader.readObject(body, item);
    requireAllowed(caller, task);
    NewRun run = headerKey == null ? item.run() : item.run().toBuilder().key(headerKey).build();
    checkParents.check(caller, List.of(run));
    TriggeredRun triggered =
        triggerRun
            .trigger(
                caller.environment().id(),
                run,
                TriggerHeaders.source(exchange),
                TriggerHeaders.requestKey(exchange, "trigger", List.of(task)),
                caller.oneTimeToken())
            .orElseThrow(HttpError::of);
    String id = PublicId.format(PublicId.RUN, triggered.runId());
    Map<String, Object> response = new LinkedHashMap<>();
    response.put("id", id);
    response.put("isCached", triggered.cached());
    return tokens.addWithScopesInClaims(
        Response.json(200, response),
        caller,
        List.of("read:runs:" + id, "write:inputStreams:" + id));
  }
}
