package dev.fanfare.server.db;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * One statement of a transaction: bind every parameter, then run it. A value has the SQL type of
 * its Java type. A {@code null} has no type, so the statement must cast it where PostgreSQL cannot
 * infer one.
 *
 * <p>Bulk statements take parallel arrays, one for each column, and unnest them: {@code
 * uuids("run_ids", runs, RunRow::runId)} binds the array of one column. A column without any value
 * is bound as an empty array, which costs next to nothing: {@code unnest} pads it with nulls,
 * because another column has a value in every row. Confined to the thread of its transaction.
 */
public final class Statement {
  private static final String ENVIRONMENT = "environment";

  private static final NamedSql REPLAN =
      NamedSql.of(
          """
          select set_config('plan_cache_mode', 'force_custom_plan', true),
                 set_config('enable_seqscan', 'on', true),
                 set_config('enable_bitmapscan', 'on', true),
                 set_config('enable_mergejoin', 'on', true)
          """);

  private final Pipeline pipeline;
  private final IdRanges ranges;
  private final @Nullable Integer environmentId;
  private final NamedSql sql;
  private final Map<String, @Nullable Object> values = new HashMap<>();

  /**
   * A statement without values.
   *
   * @param environmentId the value of {@code :environment}; absent in a transaction without an
   *     environment
   */
  Statement(Pipeline pipeline, IdRanges ranges, @Nullable Integer environmentId, NamedSql sql) {
    this.pipeline = pipeline;
    this.ranges = ranges;
    this.environmentId = environmentId;
    this.sql = sql;
  }

  /** Maps the rows of a result to values. */
  @FunctionalInterface
  public interface RowMapper<T> {
    /** Maps one row. */
    T map(Row row) throws SQLException;
  }

  /**
   * Binds one value.
   *
   * @throws IllegalArgumentException if the statement has no such parameter, or if it is {@code
   *     :environment}, whose value is that of the transaction
   */
  public Statement bind(String name, @Nullable Object value) {
    if (name.equals(ENVIRONMENT) || !sql.has(name)) {
      throw new IllegalArgumentException("The statement has no parameter :" + name + " to bind");
    }
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
    return bind(name, values(rows, column, new UUID[rows.size()]));
  }

  /** Binds an array of texts. */
  public Statement texts(String name, Collection<String> texts) {
    return bind(name, texts.toArray(String[]::new));
  }

  /** Binds a column of texts. */
  public <T> Statement texts(
      String name, Collection<T> rows, Function<? super T, ? extends @Nullable String> column) {
    return bind(name, values(rows, column, new String[rows.size()]));
  }

  /** Binds a column of times as texts, which the statement must cast to {@code timestamptz}. */
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

  /** Binds a column of numbers, some of which may be null. */
  public <T> Statement intsOrNull(
      String name, Collection<T> rows, Function<? super T, ? extends @Nullable Integer> column) {
    return bind(name, values(rows, column, new Integer[rows.size()]));
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

  /** Binds a column of 64-bit numbers, some of which may be null. */
  public <T> Statement longsOrNull(
      String name, Collection<T> rows, Function<? super T, ? extends @Nullable Long> column) {
    return bind(name, values(rows, column, new Long[rows.size()]));
  }

  /** Binds a column of booleans, some of which may be null. */
  public <T> Statement flags(
      String name, Collection<T> rows, Function<? super T, ? extends @Nullable Boolean> column) {
    return bind(name, values(rows, column, new Boolean[rows.size()]));
  }

  /**
   * Binds a column whose rows often all have the same value. If they do, {@code one} is that value
   * and {@code all} is an empty array; otherwise {@code one} is null. The statement reads {@code
   * coalesce(:one, column)}.
   */
  public <T> Statement oneOrInts(
      String one, String all, Collection<T> rows, ToIntFunction<? super T> column) {
    Integer same = same(rows, column::applyAsInt);
    return bind(one, same).ints(all, same == null ? rows : List.of(), column);
  }

  /** As {@link #oneOrInts}, for 64-bit numbers. */
  public <T> Statement oneOrLongs(
      String one, String all, Collection<T> rows, ToLongFunction<? super T> column) {
    Long same = same(rows, column::applyAsLong);
    return bind(one, same).longs(all, same == null ? rows : List.of(), column);
  }

  /** As {@link #oneOrInts}, for texts, some of which may be null. */
  public <T> Statement oneOrTexts(
      String one,
      String all,
      Collection<T> rows,
      Function<? super T, ? extends @Nullable String> column) {
    String same = same(rows, column);
    return bind(one, same).texts(all, same == null ? rows : List.of(), column);
  }

  /** As {@link #oneOrInts}, for booleans. */
  public <T> Statement oneOrFlags(
      String one, String all, Collection<T> rows, Function<? super T, Boolean> column) {
    Boolean same = same(rows, column);
    return bind(one, same).flags(all, same == null ? rows : List.of(), column);
  }

  /** The value that all rows have; {@code null} if they differ. */
  private static <T, V> @Nullable V same(
      Collection<T> rows, Function<? super T, ? extends @Nullable V> column) {
    V same = null;
    for (T row : rows) {
      V value = column.apply(row);
      if (value == null || (same != null && !same.equals(value))) {
        return null;
      }
      same = value;
    }
    return same;
  }

  /** The values of a column; none if all are absent. */
  private static <T, V> @Nullable V[] values(
      Collection<T> rows, Function<? super T, ? extends @Nullable V> column, @Nullable V[] values) {
    boolean some = false;
    int i = 0;
    for (T row : rows) {
      V value = column.apply(row);
      some |= value != null;
      values[i++] = value;
    }
    return some ? values : Arrays.copyOf(values, 0);
  }

  /** Binds a column of byte arrays. */
  public <T> Statement bytes(String name, Collection<T> rows, Function<? super T, byte[]> column) {
    return bind(name, rows.stream().map(column).toArray(byte[][]::new));
  }

  /** Runs a statement that returns rows, and maps them. */
  public <T> List<T> list(RowMapper<T> mapper) {
    Later<List<T>> rows = listLater(mapper);
    pipeline.flush();
    return rows.get();
  }

  /**
   * As {@link #list}, but the statement travels with the next one of the transaction whose result
   * is needed, or with its commit. So it costs no round trip, and fails only then.
   */
  public <T> Later<List<T>> listLater(RowMapper<T> mapper) {
    return listLater(mapper, failure -> null);
  }

  /**
   * As {@link #listLater(RowMapper)}.
   *
   * @param failure what a failure means; {@code null} if it is not known to be of this statement
   */
  public <T> Later<List<T>> listLater(
      RowMapper<T> mapper, Function<DatabaseException, @Nullable RuntimeException> failure) {
    Pipeline.Result<List<T>> result = new Pipeline.Result<>();
    pipeline.add(bound(), statement -> result.set(rows(statement, mapper)), failure);
    return result;
  }

  private static <T> List<T> rows(PreparedStatement statement, RowMapper<T> mapper)
      throws SQLException {
    try (ResultSet result = statement.getResultSet()) {
      List<T> rows = new ArrayList<>();
      Row row = new Row(result);
      while (result.next()) {
        rows.add(mapper.map(row));
      }
      return rows;
    }
  }

  /**
   * As {@link #list}, but re-planned on each call with the actual parameters, for statements whose
   * optional conditions make any generic plan a bad one. It also applies to later statements of the
   * transaction.
   */
  public <T> List<T> listReplanned(RowMapper<T> mapper) {
    Later<?> _ = new Statement(pipeline, ranges, environmentId, REPLAN).listLater(r -> true);
    return list(mapper);
  }

  /** Runs a statement, and maps the first row; {@code null} when there is no row. */
  public <T> @Nullable T first(RowMapper<T> mapper) {
    List<T> rows = list(mapper);
    return rows.isEmpty() ? null : rows.getFirst();
  }

  /** Runs a statement that returns no rows; returns how many rows it changed. */
  public int update() {
    Pipeline.Result<Integer> changed = new Pipeline.Result<>();
    pipeline.add(bound(), statement -> changed.set(statement.getUpdateCount()), failure -> null);
    pipeline.flush();
    return changed.get();
  }

  /**
   * As {@link #update()}, but later, as {@link #listLater}: for statements whose number of changed
   * rows nobody needs.
   */
  public void updateLater() {
    updateLater(failure -> null);
  }

  /**
   * As {@link #updateLater()}.
   *
   * @param failure what a failure means; {@code null} if it is not known to be of this statement
   */
  public void updateLater(Function<DatabaseException, @Nullable RuntimeException> failure) {
    pipeline.add(bound(), statement -> {}, failure);
  }

  private Pipeline.Bound bound() {
    String text = sql.text(ranges, name -> Objects.requireNonNull(value(name)));
    List<@Nullable Object> all = new ArrayList<>(sql.names().size());
    sql.names().forEach(name -> all.add(value(name)));
    return new Pipeline.Bound(text, all);
  }

  private @Nullable Object value(String name) {
    if (name.equals(ENVIRONMENT)) {
      if (environmentId == null) {
        throw new IllegalStateException(
            "The statement has :environment, but its transaction was opened without an"
                + " environment");
      }
      return environmentId;
    }
    if (!values.containsKey(name)) {
      throw new IllegalStateException("The parameter :" + name + " has no value");
    }
    return values.get(name);
  }
}
