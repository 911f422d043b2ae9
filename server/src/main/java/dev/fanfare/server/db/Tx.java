package dev.fanfare.server.db;

import java.sql.Connection;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An open transaction: whole statements with named parameters, in one environment unless it was
 * opened for none. Belongs to the thread that opened it; do not use it after its work has returned.
 */
public final class Tx {
  private final Connection connection;
  private final @Nullable Integer environmentId;

  Tx(Connection connection, @Nullable Integer environmentId) {
    this.connection = connection;
    this.environmentId = environmentId;
  }

  /**
   * The environment in which this transaction works, which every statement knows as {@code
   * :environment}.
   *
   * @throws IllegalStateException if the transaction was opened for no environment
   */
  public int environmentId() {
    if (environmentId == null) {
      throw new IllegalStateException("This transaction was opened for no environment");
    }
    return environmentId;
  }

  /**
   * A statement, to be given its parameters and run. Runs nothing yet.
   *
   * @param text a whole statement, a constant: it is parsed once and remembered
   */
  public Statement sql(String text) {
    Statement statement = new Statement(connection, NamedSql.of(text));
    return environmentId == null ? statement : statement.bind("environment", environmentId);
  }

  /** The database's clock at the beginning of this transaction. */
  public Instant now() {
    return Objects.requireNonNull(sql("select now() as now").first(r -> r.instant("now")));
  }
}
