package dev.fanfare.server.db;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * The statements of a transaction that are still to be sent. They are sent together, in one round
 * trip: with the first whose result is needed, or with the commit. Confined to the thread of its
 * transaction.
 */
final class Pipeline {
  private final Flight flight;
  private final List<Queued> queued = new ArrayList<>();

  Pipeline(Flight flight) {
    this.flight = flight;
  }

  /** A statement for JDBC, with the values of its parameters. */
  record Bound(String text, List<@Nullable Object> values) {}

  /** The result of a statement. */
  static final class Result<T> implements Later<T> {
    private @Nullable T value;

    void set(T result) {
      value = result;
    }

    @Override
    public T get() {
      if (value == null) {
        throw new IllegalStateException("The statement was not sent yet");
      }
      return value;
    }
  }

  /** Reads the current result of a statement. */
  @FunctionalInterface
  interface ResultReader {
    void read(PreparedStatement statement) throws SQLException;
  }

  /**
   * A statement to be sent.
   *
   * @param failure what its failure means; it returns {@code null} for a failure of another one
   */
  private record Queued(
      Bound statement,
      ResultReader reader,
      Function<DatabaseException, @Nullable RuntimeException> failure) {}

  /** Adds a statement, which is sent later. */
  void add(
      Bound statement,
      ResultReader reader,
      Function<DatabaseException, @Nullable RuntimeException> failure) {
    queued.add(new Queued(statement, reader, failure));
  }

  /** Adds a statement without values and results. */
  void add(String statement) {
    add(new Bound(statement, List.of()), result -> {}, failure -> null);
  }

  /** Sends all statements, and reads their results. */
  void flush() {
    if (queued.isEmpty()) {
      return;
    }
    List<Queued> sent = List.copyOf(queued);
    queued.clear();
    try {
      send(sent);
    } catch (SQLException e) {
      DatabaseException failure = new DatabaseException(e);
      for (Queued each : sent) {
        RuntimeException meaning = each.failure.apply(failure);
        if (meaning != null) {
          throw meaning;
        }
      }
      throw failure;
    }
  }

  /** Commits, after the statements that are still to be sent. */
  void commit() {
    try {
      if (queued.isEmpty()) {
        flight.commit();
      } else {
        add("COMMIT");
        flush();
      }
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  private void send(List<Queued> sent) throws SQLException {
    // A line of its own, because a statement may end with a comment.
    String text =
        sent.stream().map(each -> each.statement.text()).collect(Collectors.joining("\n;"));
    try (PreparedStatement statement = flight.connection().prepareStatement(text)) {
      int index = 0;
      for (Queued each : sent) {
        for (Object value : each.statement.values()) {
          set(statement, ++index, value);
        }
      }
      flight.await(statement::execute);
      for (Queued each : sent) {
        each.reader.read(statement);
        statement.getMoreResults();
      }
    }
  }

  private void set(PreparedStatement statement, int index, @Nullable Object value)
      throws SQLException {
    Connection connection = flight.connection();
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
      case String[] texts -> statement.setArray(index, connection.createArrayOf("text", texts));
      case UUID[] ids -> statement.setArray(index, UuidArray.of(connection, ids));
      case byte[][] values -> statement.setArray(index, connection.createArrayOf("bytea", values));
      default -> throw new IllegalArgumentException("Cannot bind a value of " + value.getClass());
    }
  }

  /** The driver sends arrays of primitives in binary, without boxing each number. */
  private Array arrayOf(String type, Object primitives) throws SQLException {
    return flight.connection().unwrap(PGConnection.class).createArrayOf(type, primitives);
  }
}
