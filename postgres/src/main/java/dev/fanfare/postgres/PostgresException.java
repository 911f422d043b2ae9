package dev.fanfare.postgres;

import org.jspecify.annotations.Nullable;

/**
 * The embedded PostgreSQL could not be started or stopped. The message says why in words meant for
 * the person at the terminal and, where the server had a say, carries the end of its log.
 */
public final class PostgresException extends RuntimeException {
  public PostgresException(String message) {
    super(message);
  }

  public PostgresException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
