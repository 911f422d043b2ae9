package dev.fanfare.server.component;

/** A server cannot start. The message is a sentence for the operator. */
public final class StartException extends RuntimeException {
  public StartException(String message, Throwable cause) {
    super(message, cause);
  }

  public StartException(String message) {
    super(message);
  }
}
