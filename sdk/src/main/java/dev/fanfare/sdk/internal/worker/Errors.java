package dev.fanfare.sdk.internal.worker;

import dev.fanfare.protocol.RunError;
import java.io.PrintWriter;
import java.io.StringWriter;

/** What a handler threw, as the server stores it. */
final class Errors {
  private static final int STACK_TRACE_CHARS_MAX = 16 * 1024;
  private static final int MESSAGE_CHARS_MAX = 16 * 1024;

  private Errors() {}

  /** Never throws, whatever the exception's own methods do. */
  static RunError of(Throwable thrown) {
    try {
      return told(thrown);
    } catch (Throwable e) {
      return RunError.builtIn(
          thrown.getClass().getName(),
          "(asked for its message, it threw " + e.getClass().getName() + ")",
          "");
    }
  }

  private static RunError told(Throwable thrown) {
    StringWriter trace = new StringWriter();
    thrown.printStackTrace(new PrintWriter(trace));
    String message = thrown.getMessage() == null ? "" : thrown.getMessage();
    return RunError.builtIn(
        thrown.getClass().getName(),
        text(message, MESSAGE_CHARS_MAX),
        text(trace.toString(), STACK_TRACE_CHARS_MAX));
  }

  /** Short enough to store, and without the surrogate halves that no report could carry. */
  private static String text(String text, int max) {
    StringBuilder clean = new StringBuilder(Math.min(text.length(), max));
    text.codePoints()
        .limit(max)
        .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xFFFD : c)
        .forEach(clean::appendCodePoint);
    return clean.toString();
  }
}
