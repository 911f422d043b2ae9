package dev.fanfare.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/** With what status the process ends; from 64 on the numbers are those of {@code sysexits.h}. */
final class ExitStatus {
  /** Done, or stopped when asked to. */
  static final int OK = 0;

  /** Done, but not with the result that was asked for. */
  static final int FAILED = 1;

  /** The command line cannot be understood. */
  static final int USAGE = 2;

  /** Something Fanfare needs is not there: the port, the database, a Java, Maven. */
  static final int UNAVAILABLE = 69;

  /** A mistake in Fanfare itself. */
  static final int SOFTWARE = 70;

  /** A setting cannot be used. */
  static final int CONFIGURATION = 78;

  /** What help says about them. */
  static final Map<String, String> MEANINGS = meanings();

  private ExitStatus() {}

  private static Map<String, String> meanings() {
    Map<String, String> meanings = new LinkedHashMap<>();
    meanings.put(" " + OK, "done, or stopped by Ctrl-C or SIGTERM");
    meanings.put(" " + FAILED, "done, but not with the result that was asked for");
    meanings.put(" " + USAGE, "the command line cannot be understood");
    meanings.put("" + UNAVAILABLE, "the port, the database, a Java or Maven is not to be had");
    meanings.put("" + SOFTWARE, "a mistake in Fanfare itself, or its source cannot be built");
    meanings.put("" + CONFIGURATION, "a setting cannot be used");
    return meanings;
  }
}
