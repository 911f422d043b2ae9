package dev.fanfare.server.db;

import java.sql.SQLException;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An open transaction, usually in one environment. Confined to the thread that opened it; not
 * usable after the work that it was opened for has returned.
 */
public final class Tx {
  private final Flight flight;
  private final Pipeline pipeline;
  private final IdRanges ranges;
  private final @Nullable Integer environmentId;
  private final boolean repeated;
  private @Nullable Instant dueAt;

  Tx(Flight flight, IdRanges ranges, @Nullable Integer environmentId, boolean repeated) {
    this.flight = flight;
    this.pipeline = new Pipeline(flight);
    this.ranges = ranges;
    this.environmentId = environmentId;
    this.repeated = repeated;
  }

  /**
   * Whether the work failed once, for a conflict or a row that existed, and is done again. So a
   * store may rely on what is almost always true, and check it only now.
   */
  public boolean isRepeated() {
    return repeated;
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
   * <p>A statement that looks up rows of a partitioned table by their ids also has the condition
   * {@code within(x.run_id, :run_ids)}, {@code across(…)} or {@code since(…)}, so that it touches
   * only the partitions of these ids: see {@link IdRanges}.
   *
   * @param text a whole statement with named parameters, a constant: it is parsed once and cached
   */
  public Statement sql(String text) {
    return new Statement(pipeline, ranges, environmentId, NamedSql.of(text));
  }

  /**
   * Runs a statement that defines a part of the schema, whose name is known only when the server
   * runs.
   *
   * @param text the statement, which takes no values
   */
  public void define(String text) {
    pipeline.flush();
    try (java.sql.Statement statement = flight.connection().createStatement()) {
      flight.await(() -> statement.execute(text));
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  /**
   * Notes that this transaction delays a run until {@code dueAt}. Once it is committed, this server
   * knows, and need not ask the database before that time.
   */
  public void delays(Instant dueAt) {
    if (this.dueAt == null || dueAt.isBefore(this.dueAt)) {
      this.dueAt = dueAt;
    }
  }

  /** Says whether and when a run will be due. */
  void committed(DelayListener delays) {
    if (dueAt != null && environmentId != null) {
      delays.delayed(environmentId, dueAt);
    }
  }

  /** The time at which this transaction began, by the database's clock. */
  public Instant now() {
    return Objects.requireNonNull(sql("select now() as now").first(r -> r.instant("now")));
  }

  /**
   * Sets what is to be set first, with the first statement.
   *
   * @param settings of every transaction; absent: none
   */
  void begin(Mode mode, @Nullable String settings) {
    if (settings != null || !mode.isIsolatedByDefault()) {
      pipeline.add(mode.isolation);
    }
    if (settings != null) {
      pipeline.add(settings);
    }
    if (!mode.settings.isEmpty()) {
      pipeline.add(mode.settings);
    }
  }

  void commit() {
    pipeline.commit();
  }
}
