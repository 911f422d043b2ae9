package dev.fanfare.cli;

import dev.fanfare.server.Administration;
import dev.fanfare.server.config.Retention;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code fanfare storage retention}: how long the runs of one environment are kept. */
@Command(
    name = "retention",
    description = {
      "Sets how long the runs and batches of an environment are kept after they are final.",
      "",
      "Running servers follow within minutes. A shorter retention than that of another environment"
          + " costs more: its runs are deleted row by row, not with whole partitions.",
      "What was deleted before does not come back."
    })
final class RetentionCommand implements Callable<Integer> {
  private static final String DEFAULT = "default";

  @Mixin private final Terminal terminal = new Terminal();

  @Parameters(
      index = "0",
      paramLabel = "ENVIRONMENT",
      description = "The environment: ${COMPLETION-CANDIDATES}.")
  private KeysCommand.Environment environment = KeysCommand.Environment.dev;

  @Parameters(
      index = "1",
      paramLabel = "RETENTION",
      converter = RetentionCommand.Reader.class,
      description =
          "A duration such as 12h or 30d; forever; or default, for the FANFARE_RETENTION of the"
              + " servers.")
  private Value value = new Value(null);

  /** A retention; absent: the default. */
  private record Value(@Nullable Retention own) {}

  /** Reads a retention in the form of the setting. */
  private static final class Reader implements ITypeConverter<Value> {
    @Override
    public Value convert(String text) {
      try {
        return new Value(text.equals(DEFAULT) ? null : Retention.parse(text));
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(
            "it must be %s or default, not \"%s\"".formatted(Retention.EXPECTATION, text));
      }
    }
  }

  @Override
  public Integer call() {
    try (Administration administration = Administration.open(terminal.settings("warn").config())) {
      administration.setRetention(environment.name(), value.own());
    }
    terminal
        .out()
        .println(
            value.own() == null
                ? "Runs of %s are kept as long as FANFARE_RETENTION says.".formatted(environment)
                : value.own().span() == null
                    ? "Runs of %s are kept forever.".formatted(environment)
                    : "Runs of %s are kept for %s.".formatted(environment, value.own().text()));
    return ExitStatus.OK;
  }
}
