package dev.fanfare.server.http;

/** The position of a value in a JSON body, for error texts: {@code items[3].options.queue}. */
public final class FieldPath {
  private FieldPath() {}

  /** The path of the field {@code name} of the object at {@code where}. */
  public static String of(String where, String name) {
    return where.isEmpty() ? name : where + "." + name;
  }
}
