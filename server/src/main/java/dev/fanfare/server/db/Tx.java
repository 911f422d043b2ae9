package dev.fanfare.server.db;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * An open transaction: whole statements with parameters in order. Belongs to the thread that opened
 * it and is useless after the work returns.
 *
 * <p>Parameters are bound by their Java type; a {@code null} is bound without one, so a statement
 * casts it where PostgreSQL cannot tell.
 */
public final class Tx {
  private final Connection connection;

  Tx(Connection connection) {
    this.connection = connection;
  }

  /** Reads one row into a value. */
  @FunctionalInterface
  public interface RowMapper<T> {
    /** Maps the current row of {@code row}. */
    T map(Row row) throws SQLException;
  }

  /** Runs a statement that returns rows. */
  public <T> List<T> list(String sql, RowMapper<T> mapper, @Nullable Object... parameters) {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, parameters);
      try (ResultSet result = statement.executeQuery()) {
        List<T> rows = new ArrayList<>();
        Row row = new Row(result);
        while (result.next()) {
          rows.add(mapper.map(row));
        }
        return rows;
      }
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  /**
   * As {@link #list}, planned anew each time, in full freedom and for the very parameters: for
   * statements whose optional conditions make a plan for all cases a bad plan for each. One round
   * trip more; holds for the rest of the transaction.
   */
  public <T> List<T> listAnew(String sql, RowMapper<T> mapper, @Nullable Object... parameters) {
    first(
        """
        select set_config('plan_cache_mode', 'force_custom_plan', true),
               set_config('enable_seqscan', 'on', true),
               set_config('enable_bitmapscan', 'on', true),
               set_config('enable_mergejoin', 'on', true)
        """,
        r -> true);
    return list(sql, mapper, parameters);
  }

  /** Runs a statement that returns at most one row. */
  public <T> @Nullable T first(String sql, RowMapper<T> mapper, @Nullable Object... parameters) {
    List<T> rows = list(sql, mapper, parameters);
    return rows.isEmpty() ? null : rows.getFirst();
  }

  /** Runs a statement for its effect and returns how many rows it touched. */
  public int update(String sql, @Nullable Object... parameters) {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, parameters);
      return statement.executeUpdate();
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  /** The database's clock at the beginning of this transaction. */
  public Instant now() {
    return Objects.requireNonNull(first("select now() as now", r -> r.instant("now")));
  }

  private void bind(PreparedStatement statement, @Nullable Object[] parameters)
      throws SQLException {
    for (int i = 0; i < parameters.length; i++) {
      bind(statement, i + 1, parameters[i]);
    }
  }

  private void bind(PreparedStatement statement, int index, @Nullable Object value)
      throws SQLException {
    switch (value) {
      case null -> statement.setNull(index, Types.NULL);
      case String text -> statement.setString(index, text);
      case Integer number -> statement.setInt(index, number);
      case Long number -> statement.setLong(index, number);
      case Boolean flag -> statement.setBoolean(index, flag);
      case UUID id -> statement.setObject(index, id);
      case byte[] bytes -> statement.setBytes(index, bytes);
      case Instant instant -> statement.setTimestamp(index, Timestamp.from(instant));
      case Double number -> statement.setDouble(index, number);
      case int[] numbers -> statement.setArray(index, arrayOf("int4", numbers));
      case long[] numbers -> statement.setArray(index, arrayOf("int8", numbers));
      case Integer[] numbers ->
          statement.setArray(index, connection.createArrayOf("int4", numbers));
      case Long[] numbers -> statement.setArray(index, connection.createArrayOf("int8", numbers));
      case Boolean[] flags -> statement.setArray(index, connection.createArrayOf("bool", flags));
      case boolean[] flags -> statement.setArray(index, arrayOf("bool", flags));
      case String[] texts -> statement.setArray(index, connection.createArrayOf("text", texts));
      case UUID[] ids -> statement.setArray(index, connection.createArrayOf("uuid", ids));
      case byte[][] values -> statement.setArray(index, connection.createArrayOf("bytea", values));
      default -> throw new IllegalArgumentException("Cannot bind a " + value.getClass());
    }
  }

  /** Arrays of primitives go out in binary without a box around each number. */
  private Array arrayOf(String type, Object primitives) throws SQLException {
    return connection.unwrap(PGConnection.class).createArrayOf(type, primitives);
  }
}
