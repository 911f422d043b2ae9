package dev.fanfare.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Shows a {@link ProgressBar} on whatever standard output is. For one thread. */
final class Display {
  private static final Duration BETWEEN_LINES = Duration.ofSeconds(1);
  private static final int COLUMNS_USUAL = 80;

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
    boolean colour = live && environment.getOrDefault("NO_COLOR", "").isEmpty();
    return new Display(
        out,
        live,
        columns(environment),
        new ProgressBar(charset.equals(StandardCharsets.UTF_8), colour));
  }

  /** Draws anew on a terminal; elsewhere says nothing until a second has passed. */
  void show(Tally tally, Duration elapsed) {
    if (live) {
      // Back to the line's start, the line, and away with what is left of a longer one before.
      out.print("\r" + bar.bar(tally, elapsed, columns) + "\u001b[K");
      out.flush();
    } else if (lastLine == null || elapsed.minus(lastLine).compareTo(BETWEEN_LINES) >= 0) {
      lastLine = elapsed;
      out.println(bar.line(tally, elapsed));
    }
  }

  /** Shows the last state, whatever the time, and leaves the line. */
  void end(Tally tally, Duration elapsed) {
    lastLine = null;
    show(tally, elapsed);
    if (live) {
      out.println();
    }
  }

  /** Absent again since JDK 25 when input or output is none, whatever the checker believes. */
  @SuppressWarnings("SystemConsoleNull")
  private static boolean isTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  /** A shell exports COLUMNS only when told to; the launcher asks the terminal and passes it on. */
  private static int columns(Map<String, String> environment) {
    try {
      return Math.max(20, Integer.parseInt(environment.getOrDefault("COLUMNS", "")));
    } catch (NumberFormatException e) {
      return COLUMNS_USUAL;
    }
  }
}
