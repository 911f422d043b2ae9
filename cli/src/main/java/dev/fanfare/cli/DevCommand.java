package dev.fanfare.cli;

import static dev.fanfare.server.config.ServerSettings.SHUTDOWN_GRACE;

import dev.fanfare.server.Server;
import dev.fanfare.server.config.Settings;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code fanfare dev}: a server, and a worker with the demo tasks. */
@Command(
    name = "dev",
    description =
        "Runs a server, and a worker with the demo tasks: send-email, send-slack, echo, slow,"
            + " flaky, fail.")
final class DevCommand implements Callable<Integer> {
  @Mixin private final Terminal terminal = new Terminal();

  @Override
  public Integer call() throws Exception {
    Settings settings = terminal.settings("info");
    return Running.with(
        settings.config().get(SHUTDOWN_GRACE),
        running -> {
          Server server = Serving.server(settings, running);
          Serving.demoWorker(Serving.client(server), settings, running);
          terminal.announce(Logging.isJson() ? Serving.ready(server) : Serving.readyToTry(server));
          return running.untilStopped();
        });
  }
}
