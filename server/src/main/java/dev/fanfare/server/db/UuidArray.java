package dev.fanfare.server.db;

import java.nio.ByteBuffer;
import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.Oid;
import org.postgresql.jdbc.PgArray;

/**
 * Arrays of ids in PostgreSQL's binary format: the driver would send them as texts of 37 characters
 * each, which PostgreSQL would parse.
 */
final class UuidArray {
  private static final int HEADER_INTS = 5;

  private UuidArray() {}

  static Array of(Connection connection, @Nullable UUID[] ids) throws SQLException {
    return new PgArray(connection.unwrap(BaseConnection.class), Oid.UUID_ARRAY, bytes(ids));
  }

  /** The dimensions and their bounds, then each element after its length. */
  private static byte[] bytes(@Nullable UUID[] ids) {
    ByteBuffer bytes =
        ByteBuffer.allocate(
            HEADER_INTS * Integer.BYTES + ids.length * (Integer.BYTES + 2 * Long.BYTES));
    boolean nulls = false;
    for (UUID id : ids) {
      nulls |= id == null;
    }
    bytes.putInt(1).putInt(nulls ? 1 : 0).putInt(Oid.UUID).putInt(ids.length).putInt(1);
    for (UUID id : ids) {
      if (id == null) {
        bytes.putInt(-1);
      } else {
        bytes.putInt(2 * Long.BYTES);
        bytes.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
      }
    }
    return Arrays.copyOf(bytes.array(), bytes.position());
  }
}
