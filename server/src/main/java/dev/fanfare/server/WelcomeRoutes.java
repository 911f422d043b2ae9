package dev.fanfare.server;

import dev.fanfare.server.component.Component;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.http.Route;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The route for someone who opens the URL of a server: what this is, and where to go on. */
final class WelcomeRoutes implements Component {
  private static final String NEXT =
      "To trigger a run, send POST /api/v1/tasks/{taskIdentifier}/trigger with the header"
          + " Authorization: Bearer and a secret key, which 'fanfare keys create' makes.";

  private static final String PAGE =
      """
      <!doctype html>
      <html lang="en">
      <meta charset="utf-8">
      <title>Fanfare</title>
      <h1>Fanfare ${version}</h1>
      <p>This server runs background tasks. It has an API and no dashboard.
      <p>${next}
      <ul>
        <li><a href="openapi.json">The API</a> as an OpenAPI document
        <li><a href="health/ready">Whether it is ready</a>
      </ul>
      </html>
      """;

  /** The version of Fanfare; the runnable jar's manifest gives it, an IDE has none. */
  static String version() {
    return Objects.requireNonNullElse(
        WelcomeRoutes.class.getPackage().getImplementationVersion(), "(unpackaged)");
  }

  @Override
  public List<Route> routes() {
    return List.of(new Route("GET", "/", Access.open(), this::welcome));
  }

  private Response welcome(Exchange exchange) {
    String accept = exchange.header("Accept");
    if (accept != null && accept.contains("text/html")) {
      String page = PAGE.replace("${version}", version()).replace("${next}", NEXT);
      return Response.json(200, page.getBytes(StandardCharsets.UTF_8))
          .with("Content-Type", "text/html; charset=utf-8");
    }
    Map<String, String> welcome = new LinkedHashMap<>();
    welcome.put("name", "Fanfare");
    welcome.put("version", version());
    welcome.put("openapi", "/openapi.json");
    welcome.put("health", "/health/ready");
    welcome.put("next", NEXT);
    return Response.json(200, welcome);
  }
}
