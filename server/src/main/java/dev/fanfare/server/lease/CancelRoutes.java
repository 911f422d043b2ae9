package dev.fanfare.server.lease;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.server.access.Caller;
import dev.fanfare.server.access.Doors;
import dev.fanfare.server.access.Scopes;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Answer;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.run.ReadRuns;
import dev.fanfare.server.run.Run;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Canceling runs. */
public final class CancelRoutes {
  private final Doors doors;
  private final ReadRuns read;
  private final CancelRun cancel;

  public CancelRoutes(Doors doors, ReadRuns read, CancelRun cancel) {
    this.doors = doors;
    this.read = read;
    this.cancel = cancel;
  }

  /** The routes of this room. */
  public List<Route> routes() {
    return List.of(
        doors.post("/api/v2/runs/{run}/cancel", Access.keyOrToken("write:runs"), this::cancel));
  }

  private Answer cancel(Exchange exchange, Caller caller) {
    String id = exchange.path("run");
    UUID runId = PublicId.parse(PublicId.RUN, id);
    Run run = runId == null ? null : read.find(caller.environment().id(), runId);
    if (run == null) {
      throw new HttpError(404, "Resource not found");
    }
    caller.requireAny("write", Scopes.one("runs", id), Scopes.one("tasks", run.task()));
    cancel.cancel(caller.environment().id(), run.id());
    return Answer.json(200, Map.of("id", id));
  }
}
