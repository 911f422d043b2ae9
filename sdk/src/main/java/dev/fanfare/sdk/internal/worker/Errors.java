package dev.fanfare.sdk.internal.worker;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.Surrogates;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Converts exceptions of handlers to the errors that the server stores. */
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

  /** Truncates to a storable length, and replaces lone surrogates, which cannot be stored. */
  private static String text(Supplier<@Nullable String> describe) {
    String text;
    try {
      text = describe.get();
    } catch (RuntimeException | Error e) { // an exception's methods are application code too
      text = "Describing the exception failed: " + e.getClass().getName();
    }
    if (text == null) {
      return "";
    }
    return Surrogates.replaceLone(text.substring(0, Math.min(text.length(), CHARS_MAX)));
  }
}
