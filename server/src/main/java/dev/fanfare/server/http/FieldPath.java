package dev.fanfare.server.http;

/** Where in a body a value stands, for messages: {@code items[3].options.queue}. */
public final class FieldPath {
  private FieldPath() {}

  /** The path of a field below {@code where}. */
  public static String of(String where, String name) {
    return where.isEmpty() ? name : where + "." + name;
  }
}
