package dev.fanfare.sdk;

/** An exception for handlers to throw: the run fails at once, without another attempt. */
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
