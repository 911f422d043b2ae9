package dev.fanfare.sdk;

import org.jspecify.annotations.Nullable;

/**
 * No valid response was received on any try, or the calling thread was interrupted. Whether the
 * server acted is unknown: triggering again is safe with the same idempotency key, and may trigger
 * twice without one.
 */
public final class ConnectionException extends FanfareException {
  /** No valid response was received, for this reason. */
  public ConnectionException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
