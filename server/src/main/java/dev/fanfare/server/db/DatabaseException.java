package dev.fanfare.server.db;

import java.sql.SQLException;
import java.util.Objects;

/** A statement or a connection failed; the transaction it happened in is rolled back. */
public final class DatabaseException extends RuntimeException {
  private final String sqlState;

  DatabaseException(SQLException cause) {
    super(cause.getMessage(), cause);
    this.sqlState = Objects.requireNonNullElse(cause.getSQLState(), "");
  }

  /** Ends a transaction that others kept from its goal; the client may try again. */
  public static DatabaseException busy(String message) {
    return new DatabaseException(new SQLException(message, "53000"));
  }

  /**
   * Whether the same transaction, run again from its beginning, can succeed: PostgreSQL broke a
   * deadlock or a serialization conflict (class 40) and rolled this side back.
   */
  public boolean isConflict() {
    return sqlState.startsWith("40");
  }

  /** Whether the database could not be reached, is shutting down, or had no connection to spare. */
  public boolean isUnavailable() {
    return sqlState.startsWith("08")
        || sqlState.startsWith("57P")
        || sqlState.startsWith("53")
        || getCause() instanceof java.sql.SQLTransientConnectionException;
  }
}
