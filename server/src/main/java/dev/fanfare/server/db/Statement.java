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
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * One statement of a transaction. Its parameters are bound by name and by their Java type; a {@code
 * null} is bound without a type, so a statement casts it where PostgreSQL cannot tell.
 *
 * <p>Many rows travel as parallel arrays, one for each column, which the statement unnests: {@code
 * uuids("run_ids", runs, RunRow::runId)}. Belongs to the thread of its transaction.
 */
public final class Statement {
  private final Connection connection;
  private final NamedSql sql;
  private final Map<String, @Nullable Object> values = new HashMap<>();

  Statement(Connection connection, NamedSql sql) {
    this.connection = connection;
    this.sql = sql;
  }

  /** Reads one row into a value. */
  @FunctionalInterface
  public interface RowMapper<T> {
    /** Maps the current row of {@code row}. */
    T map(Row row) throws SQLException;
  }

  /** Binds one value. */
  public Statement bind(String name, @Nullable Object value) {
    values.put(name, value);
    return this;
  }

  /** Binds an array of ids. */
  public Statement uuids(String name, Collection<UUID> ids) {
    return bind(name, ids.toArray(UUID[]::new));
  }

  /** Binds a column of ids. */
  public <T> Statement uuids(
      String name, Collection<T> rows, Function<? super T, ? extends @Nullable UUID> column) {
    @Nullable UUID[] ids = new UUID[rows.size()];
    int i = 0;
    for (T row : rows) {
      ids[i++] = column.apply(row);
    }
    return bind(name, ids);
  }

  /** Binds an array of texts. */
  public Statement texts(String name, Collection<String> texts) {
    return bind(name, texts.toArray(String[]::new));
  }

  /** Binds a column of texts. */
  public <T> Statement texts(
      String name, Collection<T> rows, Function<? super T, ? extends @Nullable String> column) {
    @Nullable String[] texts = new String[rows.size()];
    int i = 0;
    for (T row : rows) {
      texts[i++] = column.apply(row);
    }
    return bind(name, texts);
  }

  /** Binds a column of times as texts, which the statement casts to {@code timestamptz}. */
  public <T> Statement times(
      String name, Collection<T> rows, Function<? super T, ? extends @Nullable Instant> column) {
    return texts(
        name,
        rows,
        row -> {
          Instant time = column.apply(row);
          return time == null ? null : time.toString();
        });
  }

  /** Binds an array of numbers. */
  public Statement ints(String name, Collection<Integer> numbers) {
    return ints(name, numbers, Integer::intValue);
  }

  /** Binds a column of numbers. */
  public <T> Statement ints(String name, Collection<T> rows, ToIntFunction<? super T> column) {
    int[] numbers = new int[rows.size()];
    int i = 0;
    for (T row : rows) {
      numbers[i++] = column.applyAsInt(row);
    }
    return bind(name, numbers);
  }

  /** Binds a column of numbers that may be absent. */
  public <T> Statement intsOrNull(
      String name, Collection<T> rows, Function<? super T, ? extends @Nullable Integer> column) {
    @Nullable Integer[] numbers = new Integer[rows.size()];
    int i = 0;
    for (T row : rows) {
      numbers[i++] = column.apply(row);
    }
    return bind(name, numbers);
  }

  /** Binds a column of 64-bit numbers. */
  public <T> Statement longs(String name, Collection<T> rows, ToLongFunction<? super T> column) {
    long[] numbers = new long[rows.size()];
    int i = 0;
    for (T row : rows) {
      numbers[i++] = column.applyAsLong(row);
    }
    return bind(name, numbers);
  }

  /** Binds a column of 64-bit numbers that may be absent. */
  public <T> Statement longsOrNull(
      String name, Collection<T> rows, Function<? super T, ? extends @Nullable Long> column) {
    @Nullable Long[] numbers = new Long[rows.size()];
    int i = 0;
    for (T row : rows) {
      numbers[i++] = column.apply(row);
    }
    return bind(name, numbers);
  }

  /** Binds a column of truth values. */
  public <T> Statement flags(String name, Collection<T> rows, Predicate<? super T> column) {
    boolean[] flags = new boolean[rows.size()];
    int i = 0;
    for (T row : rows) {
      flags[i++] = column.test(row);
    }
    return bind(name, flags);
  }

  /** Binds a column of truth values that may be absent. */
  public <T> Statement flagsOrNull(
      String name, Collection<T> rows, Function<? super T, ? extends @Nullable Boolean> column) {
    @Nullable Boolean[] flags = new Boolean[rows.size()];
    int i = 0;
    for (T row : rows) {
      flags[i++] = column.apply(row);
    }
    return bind(name, flags);
  }

  /** Binds a column of byte strings. */
  public <T> Statement bytes(String name, Collection<T> rows, Function<? super T, byte[]> column) {
    return bind(name, rows.stream().map(column).toArray(byte[][]::new));
  }

  /** Runs a statement that returns rows. */
  public <T> List<T> list(RowMapper<T> mapper) {
    try (PreparedStatement statement = prepare();
        ResultSet result = statement.executeQuery()) {
      List<T> rows = new ArrayList<>();
      Row row = new Row(result);
      while (result.next()) {
        rows.add(mapper.map(row));
      }
      return rows;
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  /**
   * As {@link #list}, re-planned on each call with the actual parameters: for statements whose
   * optional conditions make one plan for all cases a bad plan for each. Costs one more round trip,
   * and holds for the rest of the transaction.
   */
  public <T> List<T> listReplanned(RowMapper<T> mapper) {
    new Statement(
            connection,
            NamedSql.of(
                """
                select set_config('plan_cache_mode', 'force_custom_plan', true),
                       set_config('enable_seqscan', 'on', true),
                       set_config('enable_bitmapscan', 'on', true),
                       set_config('enable_mergejoin', 'on', true)
                """))
        .first(r -> true);
    return list(mapper);
  }

  /** Runs a statement that returns at most one row. */
  public <T> @Nullable T first(RowMapper<T> mapper) {
    List<T> rows = list(mapper);
    return rows.isEmpty() ? null : rows.getFirst();
  }

  /** Runs a statement for its effect and returns how many rows it changed. */
  public int update() {
    try (PreparedStatement statement = prepare()) {
      return statement.executeUpdate();
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  private PreparedStatement prepare() throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql.text());
    try {
      for (int i = 0; i < sql.names().size(); i++) {
        String name = sql.names().get(i);
        if (!values.containsKey(name)) {
          throw new IllegalStateException("No value for :" + name);
        }
        set(statement, i + 1, values.get(name));
      }
    } catch (SQLException | RuntimeException e) {
      statement.close();
      throw e;
    }
    return statement;
  }

  private void set(PreparedStatement statement, int index, @Nullable Object value)
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
