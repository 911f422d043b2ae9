package dev.fanfare.server.component;

import dev.fanfare.server.http.Route;
import java.util.List;

/**
 * A part of the server that contributes routes, which handle requests, and sweeps, which maintain
 * its tables. It creates its own objects from the {@link Resources} and the components it uses.
 */
public interface Component {
  /** Its HTTP routes. */
  default List<Route> routes() {
    return List.of();
  }

  /** Its sweeps, which the server runs in a {@link SweepLoop}. */
  default List<Sweep> sweeps() {
    return List.of();
  }
}
