package dev.fanfare.cli;

import dev.fanfare.server.config.Settings;
import dev.fanfare.server.config.Settings.Entry;
import dev.fanfare.server.config.Settings.Origin;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code fanfare config}: every setting with its value and its origin. */
@Command(
    name = "config",
    description = {
      "Prints every setting with its value and its origin. Secrets are masked.",
      "",
      "An environment variable overrides the properties file, which overrides the default. The file"
          + " is the one that FANFARE_CONFIG names, or else fanfare.properties in the working"
          + " directory. Its keys are the variables' names in lower case with dots, such as"
          + " fanfare.database.url for FANFARE_DATABASE_URL."
    })
final class ConfigCommand implements Runnable {
  @Mixin private final Terminal terminal = new Terminal();

  @Override
  public void run() {
    Settings settings = terminal.settings("warn");
    PrintWriter out = terminal.out();
    table(settings).forEach(out::println);
  }

  static List<String> table(Settings settings) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("SETTING", "VALUE", "FROM"));
    for (Entry entry : settings.entries()) {
      rows.add(List.of(entry.name(), entry.value(), origin(entry.origin(), settings.file())));
    }
    return Table.lines(rows);
  }

  private static String origin(Origin origin, @Nullable Path file) {
    return switch (origin) {
      case ENVIRONMENT -> "environment";
      case FILE -> String.valueOf(file);
      case DEFAULT -> "default";
    };
  }
}
