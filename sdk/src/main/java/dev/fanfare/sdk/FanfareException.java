package dev.fanfare.sdk;

/** A call to Fanfare did not succeed. Its kinds differ in what the caller can do about it. */
public abstract sealed class FanfareException extends RuntimeException
    permits ApiException, ConnectionException {
  FanfareException(String message, Throwable cause) {
    super(message, cause);
  }

  FanfareException(String message) {
    super(message);
  }
}
