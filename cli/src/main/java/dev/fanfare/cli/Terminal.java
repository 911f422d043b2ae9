package dev.fanfare.cli;

import dev.fanfare.server.config.Settings;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;
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
    Logging.start(settings, logLevel);
    PathEncoding.check(settings);
    for (String warning : settings.warnings()) {
      if (Logging.isJson()) {
        LoggerFactory.getLogger(Terminal.class).warn(warning);
      } else {
        err().println("fanfare: " + warning);
      }
    }
    return settings;
  }

  /** Announces a state of the process: on the output, or in the log if that is JSON. */
  void announce(String sentence) {
    if (Logging.isJson()) {
      LoggerFactory.getLogger(Terminal.class).info(sentence);
    } else {
      out().println(sentence);
    }
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
