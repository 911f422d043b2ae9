package dev.fanfare.server.control.http;

import static dev.fanfare.server.config.ServerSettings.TRIGGER_BODY_BYTES_MAX;

import dev.fanfare.protocol.Limits;
import dev.fanfare.protocol.PublicId;
import dev.fanfare.server.access.http.AuthenticatedRoutes;
import dev.fanfare.server.access.http.Caller;
import dev.fanfare.server.access.http.HttpAccess;
import dev.fanfare.server.access.http.Scopes;
import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.config.RequestMemory.Decoding;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.control.ChangeRuns;
import dev.fanfare.server.control.ControlComponent;
import dev.fanfare.server.control.MetadataChanges;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.packet.PacketPath;
import dev.fanfare.server.packet.Packets;
import dev.fanfare.server.packet.http.PacketUrls;
import dev.fanfare.server.run.Family;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.ReadRuns;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.run.RunComponent;
import dev.fanfare.server.run.http.RunRoutes;
import dev.fanfare.server.trigger.TriggerComponent;
import dev.fanfare.server.trigger.TriggerRun;
import dev.fanfare.server.trigger.TriggeredRun;
import dev.fanfare.server.trigger.http.ReplayReader;
import dev.fanfare.server.trigger.http.TriggerHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/** The endpoints that replay runs, change them, and reset idempotency keys. */
public final class ControlRoutes implements Component {
  private static final long BODY_BYTES_MAX = 2L * 1024 * 1024;

  private final AuthenticatedRoutes authenticated;
  private final ReadRuns runs;
  private final Packets packets;
  private final PacketUrls packetUrls;
  private final TriggerRun triggers;
  private final ChangeRuns changes;
  private final InstantSource clock;
  private final ServerConfig config;

  public ControlRoutes(
      Resources resources,
      HttpAccess access,
      RunComponent run,
      TriggerComponent trigger,
      ControlComponent control,
      Packets packets,
      PacketUrls packetUrls) {
    this.authenticated = access.authenticated();
    this.runs = run.readRuns();
    this.triggers = trigger.triggerRun();
    this.packets = packets;
    this.packetUrls = packetUrls;
    this.changes = control.changeRuns();
    this.clock = resources.clock();
    this.config = resources.config();
  }

  @Override
  public List<Route> routes() {
    return List.of(
        authenticated.post("/api/v1/runs/{run}/replay", Access.key(), this::replay),
        authenticated.post("/api/v1/runs/{run}/reschedule", Access.key(), this::reschedule),
        authenticated.post("/api/v1/runs/{run}/tags", Access.key(), this::tags),
        authenticated.get("/api/v1/runs/{run}/metadata", Access.key(), this::metadata),
        authenticated.route(
            "PUT", "/api/v1/runs/{run}/metadata", Access.key(), this::changeMetadata),
        authenticated.post(
            "/api/v1/idempotencyKeys/{key}/reset",
            Access.keyOrToken("write:runs"),
            this::resetKey));
  }

  private Response replay(Exchange exchange, Caller caller) {
    int environmentId = caller.environment().id();
    UUID runId = runId(exchange, "Run not found");
    NewRun old = runs.requested(environmentId, runId, exchange::reserveAnswer);
    if (old == null) {
      throw new HttpError(404, "Run not found");
    }
    byte[] body = exchange.bytes(config.get(TRIGGER_BODY_BYTES_MAX), Decoding.TEXTS);
    NewRun run = ReplayReader.read(body, old, config, clock.instant());
    requirePayload(environmentId, run);
    TriggeredRun replayed =
        triggers
            .trigger(
                environmentId,
                run,
                TriggerHeaders.source(exchange),
                TriggerHeaders.requestKey(exchange, "replay", List.of(exchange.path("run"))),
                null)
            .orElseThrow(HttpError::of);
    return Response.json(200, Map.of("id", PublicId.format(PublicId.RUN, replayed.runId())));
  }

  /** Refuses a run whose payload was deleted, or never uploaded. */
  private void requirePayload(int environmentId, NewRun run) {
    String path = PacketPath.ofPayload(run.payload(), run.payloadType());
    if (path != null && !packets.has(environmentId, path)) {
      throw new HttpError(
          422,
          "The payload of the run does not exist: packet " + path + ". Replay it with a payload");
    }
  }

  private Response reschedule(Exchange exchange, Caller caller) {
    int environmentId = caller.environment().id();
    UUID runId = runId(exchange, "Run not found");
    Instant dueAt = ControlReader.delay(exchange.body(BODY_BYTES_MAX), clock.instant());
    // Before the change, so that a refusal for lack of memory changes nothing.
    if (runs.family(environmentId, runId, exchange::reserveAnswer) == null) {
      throw new HttpError(404, "Run not found");
    }
    changes.reschedule(environmentId, runId, dueAt).orElseThrow(HttpError::of);
    Family moved = Objects.requireNonNull(runs.family(environmentId, runId, bytes -> {}));
    return RunRoutes.response(
        exchange, moved, path -> packetUrls.download(exchange, environmentId, path));
  }

  private Response tags(Exchange exchange, Caller caller) {
    UUID runId = runId(exchange, "Run not found");
    List<String> tags = ControlReader.tags(exchange.body(BODY_BYTES_MAX));
    int added = changes.addTags(caller.environment().id(), runId, tags).orElseThrow(HttpError::of);
    return Response.json(
        200,
        Map.of(
            "message",
            added == 0 ? "No new tags to add" : "Successfully set " + added + " new tags."));
  }

  private Response metadata(Exchange exchange, Caller caller) {
    exchange.reserveAnswer(Limits.METADATA_BYTES_MAX);
    Run run = runs.summary(caller.environment().id(), runId(exchange, "Run not found"));
    if (run == null) {
      throw new HttpError(404, "Run not found");
    }
    String text = run.metadata();
    return metadata(text != null && text.startsWith("{") ? text : "{}", true);
  }

  private Response changeMetadata(Exchange exchange, Caller caller) {
    UUID runId = runId(exchange, "Task Run not found");
    MetadataChanges edits = MetadataChange.read(exchange.bytes(BODY_BYTES_MAX, Decoding.TREE));
    exchange.reserve(Decoding.TREE.cost(Limits.METADATA_BYTES_MAX)); // one tree at a time
    String after =
        changes.changeMetadata(caller.environment().id(), runId, edits).orElseThrow(HttpError::of);
    return metadata(after, false);
  }

  /** Sends the stored text of metadata unchanged. */
  private static Response metadata(String text, boolean typed) {
    String type = typed ? ",\"metadataType\":\"application/json\"" : "";
    return Response.json(
        200, ("{\"metadata\":" + text + type + "}").getBytes(StandardCharsets.UTF_8));
  }

  private Response resetKey(Exchange exchange, Caller caller) {
    caller.requireAny("write", Scopes.all("runs"));
    String task = ControlReader.task(exchange.body(BODY_BYTES_MAX));
    String key = exchange.path("key");
    changes.resetKey(caller.environment().id(), task, key).orElseThrow(HttpError::of);
    return Response.json(200, Map.of("id", key));
  }

  private static UUID runId(Exchange exchange, String notFound) {
    UUID runId = PublicId.parse(PublicId.RUN, exchange.path("run"));
    if (runId == null) {
      throw new HttpError(404, notFound);
    }
    return runId;
  }
}
