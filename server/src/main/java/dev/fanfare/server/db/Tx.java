package dev.fanfare.server.db;

import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An open transaction, usually in one environment. Confined to the thread that opened it; not
 * usable after the work that it was opened for has returned.
 */
public final class Tx {
  private final Flight flight;
  private final @Nullable Integer environmentId;

  Tx(Flight flight, @Nullable Integer environmentId) {
    this.flight = flight;
    this.environmentId = environmentId;
  }

  /**
   * The environment of this transaction.
   *
   * @throws IllegalStateException if the transaction was opened without an environment
   */
  public int environmentId() {
    if (environmentId == null) {
      throw new IllegalStateException("This transaction was opened without an environment");
    }
    return environmentId;
  }

  /**
   * Prepares a statement, whose parameters are to be bound before it runs. Its parameter {@code
   * :environment} is bound to the environment of this transaction.
   *
   * @param text a whole statement with named parameters, a constant: it is parsed once and cached
   */
  public Statement sql(String text) {
    return new Statement(flight, environmentId, NamedSql.of(text));
  }

  /** The time at which this transaction began, by the database's clock. */
  public Instant now() {
    return Objects.requireNonNull(sql("select now() as now").first(r -> r.instant("now")));
  }
}
