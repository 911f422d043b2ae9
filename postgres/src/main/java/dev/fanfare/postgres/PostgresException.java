package dev.fanfare.postgres;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if the embedded PostgreSQL cannot be started or stopped. The message states the cause in a
 * form meant for users and, if the server wrote any output, contains the end of its log.
 */
public final class PostgresException extends RuntimeException {
  public PostgresException(String message) {
    super(message);
  }

  public PostgresException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
