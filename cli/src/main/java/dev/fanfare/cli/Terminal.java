package dev.fanfare.cli;

import dev.fanfare.server.config.Settings;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Gives every command its outputs, its settings and its help. */
@Command // picocli accepts a mixin without options only with this annotation
final class Terminal {
  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // set by picocli before a command runs
  private CommandSpec command;

  /** The output for results. */
  PrintWriter out() {
    return command.commandLine().getOut();
  }

  /** The output for error messages. */
  PrintWriter err() {
    return command.commandLine().getErr();
  }

  /**
   * Reads the settings of this process, prints warnings about unknown ones, and sets up logging.
   *
   * @param logLevel the lowest level to log, unless the settings name another
   */
  Settings settings(String logLevel) {
    Settings settings = Settings.read(System.getenv(), Path.of(""));
    settings.warnings().forEach(warning -> err().println("fanfare: " + warning));
    Logging.start(settings, logLevel);
    return settings;
  }

  /** Creates the exception to throw for an invalid command line. */
  ParameterException misuse(String sentence) {
    return new ParameterException(command.commandLine(), sentence);
  }

  /** Prints the command's help to the output for error messages. */
  void usage() {
    command.commandLine().usage(err());
  }
}
