package dev.fanfare.server;

import dev.fanfare.server.component.Component;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Response;
import dev.fanfare.server.http.Route;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;

/** Serves the OpenAPI 3.1 document of this API. A test compares it with the routes. */
final class OpenApiRoutes implements Component {
  private final byte[] document;

  OpenApiRoutes() {
    try (InputStream in =
        Objects.requireNonNull(OpenApiRoutes.class.getResourceAsStream("openapi.json"))) {
      document = in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public List<Route> routes() {
    return List.of(
        new Route("GET", "/openapi.json", Access.open(), exchange -> Response.json(200, document)));
  }
}
