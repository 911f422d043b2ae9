package dev.fanfare.cli;

import dev.fanfare.postgres.PostgresException;
import dev.fanfare.server.access.KeyCipher;
import dev.fanfare.server.component.StartException;
import dev.fanfare.server.config.InvalidSettingException;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/** Reports a failure to the user in one sentence that says what to do about it. */
final class Problems implements IExecutionExceptionHandler {
  private static final int CAUSES_MAX = 20;

  /** A failure that the user can solve: its message and the exit status. */
  record Problem(String sentence, int status) {}

  @Override
  public int handleExecutionException(
      Exception failure, CommandLine commandLine, @Nullable ParseResult parsed) {
    PrintWriter err = commandLine.getErr();
    Problem problem = known(failure);
    if (Logging.wantsJson()) {
      Logger log = LoggerFactory.getLogger(Problems.class);
      if (problem == null) {
        log.error("Internal error. Please report it, including this stack trace", failure);
        return ExitStatus.SOFTWARE;
      }
      log.error(problem.sentence());
      return problem.status();
    }
    if (problem != null) {
      err.println("fanfare: " + problem.sentence());
      return problem.status();
    }
    err.println("fanfare: internal error. Please report it, including this stack trace:");
    failure.printStackTrace(err);
    return ExitStatus.SOFTWARE;
  }

  /** The problem behind {@code failure}; null if the user cannot solve it. */
  static @Nullable Problem known(Throwable failure) {
    List<Throwable> causes = causes(failure);
    for (Throwable cause : causes) {
      Problem problem =
          switch (cause) {
            case InvalidSettingException invalid ->
                new Problem(sentence(invalid), ExitStatus.CONFIGURATION);
            case PostgresException postgres ->
                new Problem(sentence(postgres), ExitStatus.UNAVAILABLE);
            case KeyCipher.WrongKeyException wrong ->
                new Problem(sentence(wrong), ExitStatus.CONFIGURATION);
            case SQLException sql -> database(sql);
            default -> null;
          };
      if (problem != null) {
        return problem;
      }
    }
    // The server's own message comes last, because the messages of known causes are more specific.
    return causes.stream()
        .filter(StartException.class::isInstance)
        .findFirst()
        .map(start -> new Problem(sentence(start), ExitStatus.UNAVAILABLE))
        .orElse(null);
  }

  /** Maps SQLSTATE codes, which appendix A of PostgreSQL's documentation lists. */
  private static @Nullable Problem database(SQLException failure) {
    String state = failure.getSQLState() == null ? "" : failure.getSQLState();
    if (state.startsWith("08") || state.equals("57P03") || state.equals("53300")) {
      return new Problem(
          "the database in FANFARE_DATABASE_URL cannot be reached: " + sentence(failure),
          ExitStatus.UNAVAILABLE);
    }
    if (state.startsWith("28")) {
      return new Problem(
          "the database rejected the user or password in FANFARE_DATABASE_URL.",
          ExitStatus.UNAVAILABLE);
    }
    if (state.equals("3D000")) {
      return new Problem(
          "the database named in FANFARE_DATABASE_URL does not exist. Create it, then start again.",
          ExitStatus.UNAVAILABLE);
    }
    if (state.equals("42501")) {
      return new Problem(
          "the user in FANFARE_DATABASE_URL lacks a required privilege: " + sentence(failure),
          ExitStatus.UNAVAILABLE);
    }
    return null;
  }

  private static List<Throwable> causes(Throwable failure) {
    List<Throwable> causes = new ArrayList<>();
    for (Throwable cause = failure;
        cause != null && causes.size() < CAUSES_MAX;
        cause = cause.getCause()) {
      causes.add(cause);
    }
    return causes;
  }

  private static String sentence(Throwable failure) {
    String message = String.valueOf(failure.getMessage()).strip().replaceAll("\\s*\\R\\s*", " ");
    return message.endsWith(".") ? message : message + ".";
  }
}
