package dev.fanfare.server.json;

/**
 * A text is not the JSON that it should be. The message is for the client that sent it. Expected,
 * so it carries no stack trace.
 */
public final class JsonException extends RuntimeException {
  private final boolean malformed;

  private JsonException(String message, boolean malformed) {
    super(message, null, false, false);
    this.malformed = malformed;
  }

  /** The text is not JSON at all. */
  static JsonException malformed() {
    return new JsonException("Invalid JSON", true);
  }

  /** The text is JSON, or empty, but not what was asked for. */
  static JsonException unexpected(String message) {
    return new JsonException(message, false);
  }

  /** Whether the text is not JSON at all. */
  public boolean isMalformed() {
    return malformed;
  }
}
