package dev.fanfare.server.run.wire;

/** Where in a body a value stands, for messages: {@code items[3].options.queue}. */
final class Path {
  private Path() {}

  static String of(String where, String name) {
    return where.isEmpty() ? name : where + "." + name;
  }
}
