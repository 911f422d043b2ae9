package dev.fanfare.cli;

import dev.fanfare.server.config.Settings;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What every command has: its two outputs, its settings and its help. */
@Command // without this picocli takes it for no part of a command
final class Terminal {
  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // set by picocli before a command runs
  private CommandSpec command;

  /** For results. */
  PrintWriter out() {
    return command.commandLine().getOut();
  }

  /** For problems. */
  PrintWriter err() {
    return command.commandLine().getErr();
  }

  /**
   * Reads the settings of this process, tells what in them nobody reads, and sets up logging.
   *
   * @param logLevel the least level that is logged when no setting says otherwise
   */
  Settings settings(String logLevel) {
    Settings settings = Settings.read(System.getenv(), Path.of(""));
    settings.warnings().forEach(warning -> err().println("fanfare: " + warning));
    Logging.start(settings, logLevel);
    return settings;
  }

  /** To be thrown for a command line that cannot be understood. */
  ParameterException misuse(String sentence) {
    return new ParameterException(command.commandLine(), sentence);
  }

  /** Prints the command's help where problems go. */
  void usage() {
    command.commandLine().usage(err());
  }
}
