package dev.fanfare.server.component;

import dev.fanfare.server.http.Route;
import java.util.List;

/**
 * A part of the server that assembles itself from what it is given. The server asks each for what
 * it must run: routes that answer requests, and sweeps that maintain its tables.
 */
public interface Component {
  /** What it answers over HTTP. */
  default List<Route> routes() {
    return List.of();
  }

  /** Its maintenance, on threads of the server. */
  default List<Sweep> sweeps() {
    return List.of();
  }
}
