package dev.fanfare.server.db;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.postgresql.util.PSQLException;

/** A statement or a connection failed. Its transaction is rolled back. */
public final class DatabaseException extends RuntimeException {
  /** The server is, or became, a standby. */
  static final String READ_ONLY = "25006";

  /** PostgreSQL resolved a deadlock or a serialization conflict by rolling back a transaction. */
  private static final String ROLLBACK = "40";

  /** A row refers to one that was deleted meanwhile. */
  private static final String FOREIGN_KEY = "23503";

  /** A connection that does not know a statement which the driver prepared on it. */
  private static final Set<String> UNKNOWN_STATEMENT = Set.of("26000", "42P05");

  /** A statement took too long, or an operator canceled it. */
  private static final String CANCELED = "57014";

  private static final String FEATURE_NOT_SUPPORTED = "0A000";
  private static final String CHANGED_COLUMNS = "cached plan must not change result type";

  /**
   * SQLSTATE classes, and single codes, of failures that heal without the caller: no connection,
   * out of resources, a limit on time or on locks, a server that restarts or became a standby, a
   * failing disk.
   */
  private static final List<String> UNAVAILABLE =
      List.of(
          "08", // connection exceptions
          READ_ONLY, "25P02", // in a failed transaction
          "25P03", // idle_in_transaction_session_timeout
          "25P04", // transaction_timeout
          "53", // insufficient resources, such as a full disk
          "55P03", // lock_timeout
          CANCELED, "57P", // shut down, restarted or starting
          "58"); // errors of the operating system

  /** The connection ended: cut, or closed by PostgreSQL for a limit or for a shutdown. */
  private static final List<String> LOST = List.of("08", "25P03", "25P04", "57P01", "57P02");

  private final String sqlState;
  private boolean isBeforeCommit;

  DatabaseException(SQLException cause) {
    super(cause.getMessage(), cause);
    this.sqlState = Objects.requireNonNullElse(cause.getSQLState(), "");
  }

  /** A failure because of concurrent transactions, after which the client may retry. */
  public static DatabaseException busy(String message) {
    return new DatabaseException(new SQLException(message, "53000"));
  }

  /** What a transaction has read was changed meanwhile, so that it must begin again. */
  public static DatabaseException conflict(String message) {
    return new DatabaseException(new SQLException(message, ROLLBACK + "001"));
  }

  /**
   * Whether the transaction can succeed when it is run again at once: PostgreSQL resolved a
   * deadlock or a serialization conflict by rolling it back, or a row to which it refers was
   * deleted meanwhile, or its connection has outdated prepared statements, as after a migration by
   * a newer server.
   */
  public boolean isConflict() {
    return sqlState.startsWith(ROLLBACK) || sqlState.equals(FOREIGN_KEY) || hasOutdatedStatements();
  }

  /** Whether a row would have had no value in this column, which requires one. */
  public boolean isNull(String column) {
    return sqlState.equals("23502")
        && getCause() instanceof PSQLException e
        && e.getServerErrorMessage() != null
        && column.equals(e.getServerErrorMessage().getColumn());
  }

  /** Whether a statement divided by zero, which it does on purpose if a condition is not met. */
  public boolean isDivisionByZero() {
    return sqlState.equals("22012");
  }

  /** Whether a row with the same key exists. */
  boolean isDuplicate() {
    return sqlState.equals("23505");
  }

  /**
   * Whether the database cannot store a value, now or later: it has no character for it (SQLSTATE
   * class 22), or the value exceeds a limit of PostgreSQL (class 54).
   */
  public boolean isUnstorable() {
    return sqlState.startsWith("22") || sqlState.startsWith("54");
  }

  /**
   * Whether the database is unreachable, shutting down, out of resources, read-only, or too slow
   * for the limits of a transaction. A later attempt can succeed.
   */
  public boolean isUnavailable() {
    return UNAVAILABLE.stream().anyMatch(sqlState::startsWith)
        || getCause() instanceof SQLTransientConnectionException;
  }

  /** Whether a statement was ended because it took too long. */
  public boolean isTimedOut() {
    return sqlState.equals(CANCELED);
  }

  /** Whether the statement waited for a lock for longer than it may. */
  public boolean isLockTimeout() {
    return sqlState.equals("55P03");
  }

  /** Whether the server that refused the statement is a standby, and with it every connection. */
  boolean isReadOnly() {
    return sqlState.equals(READ_ONLY);
  }

  /** Whether the disk of the server is full or fails. */
  boolean isDiskFailure() {
    return sqlState.equals("53100") || sqlState.equals("58030");
  }

  /** Whether the connection of the transaction is gone. */
  boolean isConnectionLost() {
    return LOST.stream().anyMatch(sqlState::startsWith);
  }

  /** Notes that no commit was sent, so that nothing of the transaction can have been stored. */
  void happenedBeforeCommit() {
    isBeforeCommit = true;
  }

  /** Whether the connection was lost, and surely nothing of the transaction was stored. */
  boolean isLostBeforeCommit() {
    return isBeforeCommit && isConnectionLost();
  }

  /** Whether the connection is of no more use. */
  boolean spoilsConnection() {
    return isReadOnly() || hasOutdatedStatements();
  }

  private boolean hasOutdatedStatements() {
    return UNKNOWN_STATEMENT.contains(sqlState)
        || (sqlState.equals(FEATURE_NOT_SUPPORTED)
            && String.valueOf(getMessage()).contains(CHANGED_COLUMNS));
  }
}
