package dev.fanfare.cli;

import dev.fanfare.server.Server;
import dev.fanfare.server.config.Settings;

/** The steps that the commands that serve have in common. */
final class Serving {
  private Serving() {}

  /** Starts a server that closes with {@code running}. */
  static Server server(Settings settings, Running running) {
    return running.keep(Server.start(settings.server()));
  }

  /** Starts a worker for the demo tasks; it hands back what it holds when closed. */
  static AutoCloseable demoWorker(Server server) {
    return () -> server.url();
  }

  /** The line that people and scripts wait for. */
  static String ready(Server server) {
    return "Fanfare is ready at %s with development key %s"
        .formatted(server.url(), server.developmentKey());
  }
}
