package dev.fanfare.server.control.http;

import dev.fanfare.protocol.Limits;
import dev.fanfare.protocol.PublicId;
import dev.fanfare.server.access.http.AuthenticatedRoutes;
import dev.fanfare.server.access.http.Caller;
import dev.fanfare.server.access.http.HttpAccess;
import dev.fanfare.server.access.http.Scopes;
import dev.fanfare.server.component.Component;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.lease.CancelRun;
import dev.fanfare.server.lease.LeaseComponent;
import dev.fanfare.server.run.ReadRuns;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.run.RunComponent;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The endpoint that cancels a run. */
public final class CancelRoutes implements Component {
  private final AuthenticatedRoutes authenticated;
  private final ReadRuns readRuns;
  private final CancelRun cancelRun;

  public CancelRoutes(HttpAccess access, RunComponent run, LeaseComponent lease) {
    this.authenticated = access.authenticated();
    this.readRuns = run.readRuns();
    this.cancelRun = lease.cancelRun();
  }

  @Override
  public List<Route> routes() {
    return List.of(
        authenticated.post(
            "/api/v2/runs/{run}/cancel", Access.keyOrToken("write:runs"), this::cancel));
  }

  private Response cancel(Exchange exchange, Caller caller) {
    String id = exchange.path("run");
    UUID runId = PublicId.parse(PublicId.RUN, id);
    exchange.reserveAnswer(Limits.METADATA_BYTES_MAX);
    Run run = runId == null ? null : readRuns.summary(caller.environment().id(), runId);
    if (run == null) {
      throw new HttpError(404, "Resource not found");
    }
    caller.requireAny("write", Scopes.one("runs", id), Scopes.one("tasks", run.task()));
    cancelRun.cancel(caller.environment().id(), run.id());
    return Response.json(200, Map.of("id", id));
  }
}
