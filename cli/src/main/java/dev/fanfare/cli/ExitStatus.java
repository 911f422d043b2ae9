package dev.fanfare.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/** The exit statuses of the process; those from 64 up follow {@code sysexits.h}. */
final class ExitStatus {
  /** Success, or stopped on request. */
  static final int OK = 0;

  /** The command ran, but without the requested result. */
  static final int FAILED = 1;

  /** The command line is invalid. */
  static final int USAGE = 2;

  /** Something Fanfare needs is not available: the port, the database, Java, Maven. */
  static final int UNAVAILABLE = 69;

  /** An internal error in Fanfare. */
  static final int SOFTWARE = 70;

  /** A setting is invalid. */
  static final int CONFIGURATION = 78;

  /** The descriptions that the help prints. */
  static final Map<String, String> MEANINGS = meanings();

  private ExitStatus() {}

  private static Map<String, String> meanings() {
    Map<String, String> meanings = new LinkedHashMap<>();
    meanings.put(" " + OK, "success, or stopped by Ctrl-C or SIGTERM");
    meanings.put(" " + FAILED, "the command ran, but without the requested result");
    meanings.put(" " + USAGE, "the command line is invalid");
    meanings.put("" + UNAVAILABLE, "the port, the database, Java or Maven is not available");
    meanings.put("" + SOFTWARE, "an internal error in Fanfare, or a failed build");
    meanings.put("" + CONFIGURATION, "a setting is invalid");
    return meanings;
  }
}
