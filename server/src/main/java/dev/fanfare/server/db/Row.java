package dev.fanfare.server.db;

import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The current row of a result. Columns are read by name. A {@link SQLException} reports an unknown
 * column, and a null where none is allowed. Confined to the thread of its transaction.
 */
public final class Row {
  private final ResultSet result;

  Row(ResultSet result) {
    this.result = result;
  }

  /** A text that is never null. */
  public String text(String column) throws SQLException {
    return notNull(result.getString(column), column);
  }

  /** A text, or {@code null}. */
  public @Nullable String textOrNull(String column) throws SQLException {
    return result.getString(column);
  }

  /** A 32-bit integer; 0 when it is null. */
  public int integer(String column) throws SQLException {
    return result.getInt(column);
  }

  /** A 32-bit integer, or {@code null}. */
  public @Nullable Integer integerOrNull(String column) throws SQLException {
    int value = result.getInt(column);
    return result.wasNull() ? null : value;
  }

  /** A 64-bit integer; 0 when it is null. */
  public long bigint(String column) throws SQLException {
    return result.getLong(column);
  }

  /** A duration that is stored in milliseconds, or {@code null}. */
  public @Nullable Duration millisOrNull(String column) throws SQLException {
    long millis = result.getLong(column);
    return result.wasNull() ? null : Duration.ofMillis(millis);
  }

  /** A floating-point number; 0 when it is null. */
  public double real(String column) throws SQLException {
    return result.getDouble(column);
  }

  /** A boolean; false when it is null. */
  public boolean flag(String column) throws SQLException {
    return result.getBoolean(column);
  }

  /** A time that is never null. */
  public Instant instant(String column) throws SQLException {
    return notNull(result.getTimestamp(column), column).toInstant();
  }

  /** A time, or {@code null}. */
  public @Nullable Instant instantOrNull(String column) throws SQLException {
    Timestamp value = result.getTimestamp(column);
    return value == null ? null : value.toInstant();
  }

  /** A UUID that is never null. */
  public UUID uuid(String column) throws SQLException {
    return notNull(result.getObject(column, UUID.class), column);
  }

  /** A UUID, or {@code null}. */
  public @Nullable UUID uuidOrNull(String column) throws SQLException {
    return result.getObject(column, UUID.class);
  }

  /** Bytes that are never null. */
  public byte[] bytes(String column) throws SQLException {
    return notNull(result.getBytes(column), column);
  }

  /** An array of texts; empty when the column is null. */
  public List<String> texts(String column) throws SQLException {
    Array array = result.getArray(column);
    return array == null ? List.of() : List.of((String[]) array.getArray());
  }

  /** An array of UUIDs; empty when the column is null. */
  public List<UUID> uuids(String column) throws SQLException {
    Array array = result.getArray(column);
    return array == null ? List.of() : List.of((UUID[]) array.getArray());
  }

  /** An array of 32-bit integers; empty when the column is null. */
  public List<Integer> integers(String column) throws SQLException {
    Array array = result.getArray(column);
    return array == null ? List.of() : List.of((Integer[]) array.getArray());
  }

  private static <T> T notNull(@Nullable T value, String column) throws SQLException {
    if (value == null) {
      throw new SQLException("Column " + column + " is null");
    }
    return value;
  }
}
