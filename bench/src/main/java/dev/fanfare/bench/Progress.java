package dev.fanfare.bench;

import java.util.Locale;

/** Prints progress messages to standard error. */
final class Progress {
  private final long begunNanos = System.nanoTime();

  void say(String sentence) {
    System.err.printf(
        Locale.ROOT, "%5.1f s  %s%n", (System.nanoTime() - begunNanos) / 1e9, sentence);
  }
}
