package dev.fanfare.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows a {@link ProgressBar} on a terminal, a pipe or a file. Not thread-safe. */
final class Display {
  private static final Duration BETWEEN_LINES = Duration.ofSeconds(1);
  private static final int COLUMNS_DEFAULT = 80;

  private final PrintWriter out;
  private final boolean live;
  private final int columns;
  private final ProgressBar bar;
  private @Nullable Duration lastLine;

  private Display(PrintWriter out, boolean live, int columns, ProgressBar bar) {
    this.out = out;
    this.live = live;
    this.columns = columns;
    this.bar = bar;
  }

  static Display of(PrintWriter out, Map<String, String> environment) {
    boolean live = isTerminal() && !"dumb".equals(environment.getOrDefault("TERM", "dumb"));
    Charset charset = System.out.charset();
    boolean color = live && environment.getOrDefault("NO_COLOR", "").isEmpty();
    return new Display(
        out,
        live,
        columns(environment),
        new ProgressBar(charset.equals(StandardCharsets.UTF_8), color));
  }

  /** Redraws the bar on a terminal; elsewhere prints a line, at most once a second. */
  void show(Tally tally, Duration elapsed) {
    if (live) {
      // Return to the start of the line, print the bar, and erase the rest of a longer previous
      // one.
      out.print("\r" + bar.bar(tally, elapsed, columns) + "\u001b[K");
      out.flush();
    } else if (lastLine == null || elapsed.minus(lastLine).compareTo(BETWEEN_LINES) >= 0) {
      lastLine = elapsed;
      out.println(bar.line(tally, elapsed));
    }
  }

  /** Shows the final state immediately and ends the line. */
  void end(Tally tally, Duration elapsed) {
    lastLine = null;
    show(tally, elapsed);
    if (live) {
      out.println();
    }
  }

  /**
   * Whether a person reads the output. Since JDK 25, the console is null again if it is not a
   * terminal; Error Prone assumes otherwise.
   */
  @SuppressWarnings("SystemConsoleNull")
  static boolean isTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  /** The terminal's width from COLUMNS. Shells rarely export it, so the launcher sets it. */
  private static int columns(Map<String, String> environment) {
    try {
      return Math.max(20, Integer.parseInt(environment.getOrDefault("COLUMNS", "")));
    } catch (NumberFormatException e) {
      return COLUMNS_DEFAULT;
    }
  }
}
