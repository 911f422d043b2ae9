package dev.fanfare.cli;

import dev.fanfare.server.config.Settings;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code fanfare server}: the server alone; workers come from elsewhere. */
@Command(name = "server", description = "Runs a server; workers connect to it from elsewhere.")
final class ServerCommand implements Callable<Integer> {
  @Mixin private final Terminal terminal = new Terminal();

  @Override
  public Integer call() throws Exception {
    Settings settings = terminal.settings("info");
    return Running.with(
        settings.server().shutdownGrace(),
        running -> {
          terminal.out().println(Serving.ready(Serving.server(settings, running)));
          return running.untilStopped();
        });
  }
}
