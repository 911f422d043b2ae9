package dev.fanfare.cli;

import dev.fanfare.server.Administration;
import dev.fanfare.server.config.Settings;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code fanfare migrate}: migrates the database to the schema of this version. */
@Command(
    name = "migrate",
    description =
        "Migrates the database to the schema of this version. A server also does this when it"
            + " starts; this command does it in advance.")
final class MigrateCommand implements Callable<Integer> {
  @Mixin private final Terminal terminal = new Terminal();

  @Option(
      names = "--create",
      description = "Create an embedded database if there is none in FANFARE_HOME.")
  private boolean create;

  @Override
  public Integer call() {
    Settings settings = terminal.settings("warn");
    try (Administration administration = Administration.create(settings.config(), create)) {
      terminal
          .out()
          .println("The schema is at version %s.".formatted(administration.schemaVersion()));
      return ExitStatus.OK;
    }
  }
}
