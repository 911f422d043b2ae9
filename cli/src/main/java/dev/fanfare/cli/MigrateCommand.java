package dev.fanfare.cli;

import dev.fanfare.server.Administration;
import dev.fanfare.server.config.Settings;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code fanfare migrate}: brings the database to this version's schema, then ends. */
@Command(
    name = "migrate",
    description =
        "Brings the database to this version's schema. A server does so itself when it starts; this"
            + " does it ahead of time.")
final class MigrateCommand implements Callable<Integer> {
  @Mixin private final Terminal terminal = new Terminal();

  @Override
  public Integer call() {
    Settings settings = terminal.settings("warn");
    try (Administration administration = Administration.open(settings.server())) {
      terminal
          .out()
          .println("The schema is at version %s.".formatted(administration.schemaVersion()));
      return ExitStatus.OK;
    }
  }
}
