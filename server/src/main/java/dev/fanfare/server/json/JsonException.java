package dev.fanfare.server.json;

/**
 * A JSON text is malformed or not of the expected form. The message is for the client that sent it.
 * Client errors are expected, so it carries no stack trace.
 */
public final class JsonException extends RuntimeException {
  private enum Kind {
    MALFORMED,
    UNEXPECTED,
    TOO_LONG
  }

  private final Kind kind;

  private JsonException(String message, Kind kind) {
    super(message, null, false, false);
    this.kind = kind;
  }

  /** For a text that is not JSON. */
  static JsonException malformed() {
    return new JsonException("Invalid JSON", Kind.MALFORMED);
  }

  /** For a value that is too long to be held in memory. */
  static JsonException tooLong(String what, int max, String unit) {
    return new JsonException(
        "%s in the body has more than the maximum of %s %s".formatted(what, max, unit),
        Kind.TOO_LONG);
  }

  /** For JSON that does not have the expected form, and for an empty text. */
  static JsonException unexpected(String message) {
    return new JsonException(message, Kind.UNEXPECTED);
  }

  /** Whether the text is not JSON. */
  public boolean isMalformed() {
    return kind == Kind.MALFORMED;
  }

  /** Whether a value is too long. Nothing after it was read. */
  public boolean isTooLong() {
    return kind == Kind.TOO_LONG;
  }
}
