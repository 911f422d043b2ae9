package dev.fanfare.sdk;

import org.jspecify.annotations.Nullable;

/**
 * No answer came, after every try. Whether the server acted is unknown; to call again with the same
 * idempotency key is safe, to call again without one may trigger twice.
 */
public final class ConnectionException extends FanfareException {
  /** No answer came, for this reason. */
  public ConnectionException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
