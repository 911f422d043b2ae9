package dev.fanfare.cli;

import static dev.fanfare.server.config.ServerSettings.SHUTDOWN_GRACE;

import dev.fanfare.server.config.Settings;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code fanfare server}: a server without a worker. */
@Command(
    name = "server",
    description = "Runs a server without a worker. Workers connect to it over HTTP.")
final class ServerCommand implements Callable<Integer> {
  @Mixin private final Terminal terminal = new Terminal();

  @Override
  public Integer call() throws Exception {
    Settings settings = terminal.settings("info");
    return Running.with(
        settings.config().get(SHUTDOWN_GRACE),
        running -> {
          terminal.announce(Serving.ready(Serving.server(settings, running)));
          return running.untilStopped();
        });
  }
}
