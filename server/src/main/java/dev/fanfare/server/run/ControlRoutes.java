package dev.fanfare.server.run;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.server.access.Caller;
import dev.fanfare.server.access.Doors;
import dev.fanfare.server.access.Scopes;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Answer;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.packet.PacketUrls;
import dev.fanfare.server.run.wire.ControlReader;
import dev.fanfare.server.run.wire.ItemLimits;
import dev.fanfare.server.run.wire.MetadataChange;
import dev.fanfare.server.run.wire.ReplayReader;
import dev.fanfare.server.run.wire.RequestMarks;
import dev.fanfare.server.run.wire.RunJson;
import dev.fanfare.server.run.wire.Statuses;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/** Repeating runs and changing them. */
public final class ControlRoutes {
  private static final long BODY_BYTES_MAX = 2L * 1024 * 1024;

  private final Doors doors;
  private final ReadRuns read;
  private final PacketUrls packets;
  private final TriggerRun trigger;
  private final ChangeRuns change;
  private final InstantSource clock;
  private final RunRoutes.Limits limits;

  public ControlRoutes(
      Doors doors,
      ReadRuns read,
      PacketUrls packets,
      TriggerRun trigger,
      ChangeRuns change,
      InstantSource clock,
      RunRoutes.Limits limits) {
    this.doors = doors;
    this.read = read;
    this.packets = packets;
    this.trigger = trigger;
    this.change = change;
    this.clock = clock;
    this.limits = limits;
  }

  /** The routes of this room that change runs. */
  public List<Route> routes() {
    return List.of(
        doors.post("/api/v1/runs/{run}/replay", Access.key(), this::replay),
        doors.post("/api/v1/runs/{run}/reschedule", Access.key(), this::reschedule),
        doors.post("/api/v1/runs/{run}/tags", Access.key(), this::tags),
        doors.get("/api/v1/runs/{run}/metadata", Access.key(), this::metadata),
        doors.route("PUT", "/api/v1/runs/{run}/metadata", Access.key(), this::changeMetadata),
        doors.post(
            "/api/v1/idempotencyKeys/{key}/reset",
            Access.keyOrToken("write:runs"),
            this::resetKey));
  }

  private Answer replay(Exchange exchange, Caller caller) {
    int environmentId = caller.environment().id();
    NewRun old = read.asked(environmentId, runId(exchange, "Run not found"));
    if (old == null) {
      throw new HttpError(404, "Run not found");
    }
    ItemLimits item = limits.item();
    NewRun run =
        ReplayReader.read(exchange.bytes(limits.bodyBytesMax()), old, item, clock.instant());
    TriggeredRun replayed =
        trigger.trigger(
            environmentId,
            run,
            RequestMarks.source(exchange),
            RequestMarks.requestKey(exchange, "replay", List.of(exchange.path("run"))),
            null);
    return Answer.json(200, Map.of("id", PublicId.format(PublicId.RUN, replayed.runId())));
  }

  private Answer reschedule(Exchange exchange, Caller caller) {
    int environmentId = caller.environment().id();
    UUID runId = runId(exchange, "Run not found");
    Instant dueAt = ControlReader.delay(exchange.body(BODY_BYTES_MAX), clock.instant());
    if (read.find(environmentId, runId) == null) {
      throw new HttpError(404, "Run not found");
    }
    change.reschedule(environmentId, runId, dueAt);
    Family moved = Objects.requireNonNull(read.family(environmentId, runId));
    return Answer.json(
        200,
        new RunJson(Statuses.of(exchange))
            .run(moved, path -> packets.download(exchange, environmentId, path)));
  }

  private Answer tags(Exchange exchange, Caller caller) {
    UUID runId = runId(exchange, "Run not found");
    List<String> tags = ControlReader.tags(exchange.body(BODY_BYTES_MAX));
    int added = change.addTags(caller.environment().id(), runId, tags);
    return Answer.json(
        200,
        Map.of(
            "message",
            added == 0 ? "No new tags to add" : "Successfully set " + added + " new tags."));
  }

  private Answer metadata(Exchange exchange, Caller caller) {
    Run run = read.find(caller.environment().id(), runId(exchange, "Run not found"));
    if (run == null) {
      throw new HttpError(404, "Run not found");
    }
    String text = run.metadata();
    return metadata(text != null && text.startsWith("{") ? text : "{}", true);
  }

  private Answer changeMetadata(Exchange exchange, Caller caller) {
    UUID runId = runId(exchange, "Task Run not found");
    MetadataChanges asked = MetadataChange.read(exchange.bytes(BODY_BYTES_MAX));
    return metadata(change.changeMetadata(caller.environment().id(), runId, asked), false);
  }

  /** Metadata goes out as the text that is stored. */
  private static Answer metadata(String text, boolean typed) {
    String type = typed ? ",\"metadataType\":\"application/json\"" : "";
    return Answer.json(
        200, ("{\"metadata\":" + text + type + "}").getBytes(StandardCharsets.UTF_8));
  }

  private Answer resetKey(Exchange exchange, Caller caller) {
    caller.requireAny("write", Scopes.all("runs"));
    String task = ControlReader.task(exchange.body(BODY_BYTES_MAX));
    String key = exchange.path("key");
    change.resetKey(caller.environment().id(), task, key);
    return Answer.json(200, Map.of("id", key));
  }

  private static UUID runId(Exchange exchange, String notFound) {
    UUID runId = PublicId.parse(PublicId.RUN, exchange.path("run"));
    if (runId == null) {
      throw new HttpError(404, notFound);
    }
    return runId;
  }
}
