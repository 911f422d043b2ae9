package dev.fanfare.bench;

/** Prints progress messages to standard error. */
final class Progress {
  private final long begunNanos = System.nanoTime();

  void say(String sentence) {
    System.err.printf("%5.1f s  %s%n", (System.nanoTime() - begunNanos) / 1e9, sentence);
  }
}
