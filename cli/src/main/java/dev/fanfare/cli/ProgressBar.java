package dev.fanfare.cli;

import dev.fanfare.protocol.RunStatus;
import java.time.Duration;
import java.util.Locale;

/**
 * Formats the progress of a batch as text: as a bar for a terminal, or as a plain line for a log or
 * a pipe.
 *
 * @param unicode whether the output supports block characters
 * @param color whether the output supports colors
 */
record ProgressBar(boolean unicode, boolean color) {
  private static final String GREEN = "\u001b[32m";
  private static final String RED = "\u001b[31m";
  private static final String PLAIN = "\u001b[0m";
  private static final int CELLS_MAX = 40;
  private static final int CELLS_MIN = 10;

  /**
   * Formats the bar with the counts and the rate.
   *
   * @param width the terminal's width in columns; the line is always shorter, because a wrapped
   *     line cannot be redrawn
   */
  String bar(Tally tally, Duration elapsed, int width) {
    String counts = counts(tally, elapsed);
    int cells = Math.min(CELLS_MAX, width - counts.length() - 3);
    if (cells < CELLS_MIN) {
      return cut(counts, width - 1);
    }
    int completed = cells(tally.of(RunStatus.COMPLETED), tally.total(), cells);
    int ended = cells(tally.ended(), tally.total(), cells);
    return painted(GREEN, full(completed))
        + painted(RED, full(ended - completed))
        + (unicode ? "░" : ".").repeat(cells - ended)
        + "  "
        + counts;
  }

  /** Formats the elapsed time, the counts and the rate, for a log or a pipe. */
  String line(Tally tally, Duration elapsed) {
    return String.format(
        Locale.ROOT, "%5.1fs  %s", elapsed.toMillis() / 1000.0, counts(tally, elapsed));
  }

  /** The number of runs that ended per second. */
  static long pace(int ended, Duration elapsed) {
    return Math.round(ended * 1000.0 / Math.max(1, elapsed.toMillis()));
  }

  private static String counts(Tally tally, Duration elapsed) {
    String others = tally.others();
    return String.format(
        Locale.ROOT,
        "%s/%s COMPLETED%s  %s runs/s",
        tally.of(RunStatus.COMPLETED),
        tally.total(),
        others.isEmpty() ? "" : ", " + others,
        pace(tally.ended(), elapsed));
  }

  private String full(int cells) {
    return (unicode ? "█" : "#").repeat(cells);
  }

  private String painted(String with, String text) {
    return color && !text.isEmpty() ? with + text + PLAIN : text;
  }

  private static int cells(int part, int total, int cells) {
    return total == 0 ? 0 : (int) ((long) part * cells / total);
  }

  private static String cut(String text, int length) {
    return text.length() <= length ? text : text.substring(0, Math.max(0, length));
  }
}
