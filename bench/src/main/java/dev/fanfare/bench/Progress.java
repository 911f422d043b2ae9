package dev.fanfare.bench;

/** Says on standard error what is being done, for people who wait. */
final class Progress {
  private final long begunNanos = System.nanoTime();

  void say(String sentence) {
    System.err.printf("%5.1f s  %s%n", (System.nanoTime() - begunNanos) / 1e9, sentence);
  }
}
