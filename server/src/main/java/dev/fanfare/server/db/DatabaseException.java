package dev.fanfare.server.db;

import java.sql.SQLException;
import java.util.Objects;

/** A statement or a connection failed. Its transaction is rolled back. */
public final class DatabaseException extends RuntimeException {
  private final String sqlState;

  DatabaseException(SQLException cause) {
    super(cause.getMessage(), cause);
    this.sqlState = Objects.requireNonNullElse(cause.getSQLState(), "");
  }

  /** A failure because of concurrent transactions, after which the client may retry. */
  public static DatabaseException busy(String message) {
    return new DatabaseException(new SQLException(message, "53000"));
  }

  /**
   * Whether the transaction can succeed when it is run again: PostgreSQL resolved a deadlock or a
   * serialization conflict (SQLSTATE class 40) by rolling it back.
   */
  public boolean isConflict() {
    return sqlState.startsWith("40");
  }

  /**
   * Whether the database cannot store a value, now or later: it has no character for it (SQLSTATE
   * class 22), or the value exceeds a limit of PostgreSQL (class 54).
   */
  public boolean isUnstorable() {
    return sqlState.startsWith("22") || sqlState.startsWith("54");
  }

  /** Whether the database is unreachable, shutting down, or out of connections. */
  public boolean isUnavailable() {
    return sqlState.startsWith("08")
        || sqlState.startsWith("57P")
        || sqlState.startsWith("53")
        || getCause() instanceof java.sql.SQLTransientConnectionException;
  }
}
