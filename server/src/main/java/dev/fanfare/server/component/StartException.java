package dev.fanfare.server.component;

/** A server could not start; the message is one sentence for the person who starts it. */
public final class StartException extends RuntimeException {
  public StartException(String message, Throwable cause) {
    super(message, cause);
  }

  public StartException(String message) {
    super(message);
  }
}
