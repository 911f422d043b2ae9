package dev.fanfare.sdk;

/** Thrown by a handler: the run fails now, without another attempt. */
public class AbortRunException extends RuntimeException {
  /** Fails the run with this message. */
  public AbortRunException(String message) {
    super(message);
  }

  /** Fails the run with this message and cause. */
  public AbortRunException(String message, Throwable cause) {
    super(message, cause);
  }
}
