package dev.fanfare.server;

import dev.fanfare.server.component.Component;
import dev.fanfare.server.db.DatabaseWatch;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.http.Route;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** Health routes: whether the process is alive, and whether it accepts requests. */
final class HealthRoutes implements Component {
  private final DatabaseWatch watch;
  private final BooleanSupplier accepting;

  HealthRoutes(DatabaseWatch watch, BooleanSupplier accepting) {
    this.watch = watch;
    this.accepting = accepting;
  }

  @Override
  public List<Route> routes() {
    return List.of(
        new Route("GET", "/health/live", Access.open(), this::live),
        new Route("GET", "/health/ready", Access.open(), this::ready));
  }

  private Response live(Exchange exchange) {
    return Response.json(200, Map.of("status", "live"));
  }

  private Response ready(Exchange exchange) {
    if (!accepting.getAsBoolean()) {
      return Response.error(503, "The server is stopping");
    }
    String problem = watch.problem();
    if (problem != null) {
      return Response.error(503, "Not ready: " + problem).with("Retry-After", "1");
    }
    return Response.json(200, Map.of("status", "ready"));
  }
}
