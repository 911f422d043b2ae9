package dev.fanfare.sdk;

import org.jspecify.annotations.Nullable;

/** A call to the server failed. Its kinds differ in what the caller can do about it. */
public abstract sealed class FanfareException extends RuntimeException
    permits ApiException, ConnectionException {
  FanfareException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  FanfareException(String message) {
    super(message);
  }
}
