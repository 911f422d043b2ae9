package dev.fanfare.server.json;

/**
 * A JSON text is malformed or not of the expected form. The message is for the client that sent it.
 * Client errors are expected, so it carries no stack trace.
 */
public final class JsonException extends RuntimeException {
  private final boolean malformed;

  private JsonException(String message, boolean malformed) {
    super(message, null, false, false);
    this.malformed = malformed;
  }

  /** For a text that is not JSON. */
  static JsonException malformed() {
    return new JsonException("Invalid JSON", true);
  }

  /** For JSON that does not have the expected form, and for an empty text. */
  static JsonException unexpected(String message) {
    return new JsonException(message, false);
  }

  /** Whether the text is not JSON. */
  public boolean isMalformed() {
    return malformed;
  }
}
