package dev.fanfare.cli;

import static dev.fanfare.server.config.ServerSettings.SHUTDOWN_GRACE;

import dev.fanfare.examples.DemoTasks;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Worker;
import dev.fanfare.server.Server;
import dev.fanfare.server.component.StartException;
import dev.fanfare.server.config.Settings;

/** The steps shared by the commands that run a server. */
final class Serving {
  private static final int DEMO_SLOTS = 100;

  private Serving() {}

  /** Starts a server, which closes with {@code running}. */
  static Server server(Settings settings, Running running) {
    Server server = running.keep(Server.start(settings.config()));
    server.onDatabaseLost(running::fail);
    return server;
  }

  /** Creates a client for the development environment. */
  static Fanfare client(Server server) {
    if (server.developmentKey().isEmpty()) {
      throw new StartException(
          "Every key of the development environment is revoked. Create one with 'fanfare keys"
              + " create', then start again");
    }
    return Fanfare.builder()
        .url(server.url().toString())
        .secretKey(server.developmentKey())
        .build();
  }

  /** Starts a worker for the demo tasks, which closes with {@code running}, before the server. */
  static void demoWorker(Fanfare fanfare, Settings settings, Running running) {
    running.keep(
        Worker.builder(fanfare)
            .tasks(DemoTasks.all())
            .name("demo")
            .slots(DEMO_SLOTS)
            // The server drains after the worker, and both share one grace period.
            .shutdownGrace(settings.config().get(SHUTDOWN_GRACE).dividedBy(2))
            .start());
  }

  /** The line that users and scripts wait for. It contains no secret: it ends up in logs. */
  static String ready(Server server) {
    return "Fanfare is ready at " + server.url();
  }

  /** As {@link #ready}, with the key of the development environment, to try the server. */
  static String readyToTry(Server server) {
    return ready(server) + " with development key " + server.developmentKey();
  }
}
