package dev.fanfare.sdk.internal.worker;

import dev.fanfare.protocol.RunError;
import dev.fanfare.sdk.internal.Surrogates;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a handler threw, as the server stores it. */
final class Errors {
  private static final int CHARS_MAX = 16 * 1024;

  private Errors() {}

  static RunError of(Throwable thrown) {
    return RunError.builtIn(
        thrown.getClass().getName(),
        text(thrown::getMessage),
        text(() -> {
          StringWriter trace = new StringWriter();
          thrown.printStackTrace(new PrintWriter(trace));
          return trace.toString();
        }));
  }

  /**
   * Short enough to store, and without halves of surrogate pairs: they cannot be stored, and this
   * is plain text, which has no escape for them.
   */
  private static String text(Supplier<@Nullable String> describe) {
    String text;
    try {
      text = describe.get();
    } catch (RuntimeException | Error e) { // exceptions are the application's code too
      text = "The exception cannot be described: " + e.getClass().getName();
    }
    if (text == null) {
      return "";
    }
    return Surrogates.replaceLone(text.substring(0, Math.min(text.length(), CHARS_MAX)));
  }
}
