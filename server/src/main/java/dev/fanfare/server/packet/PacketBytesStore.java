package dev.fanfare.server.packet;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Tx;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * SQL of {@code packet_bytes}: the bytes of packets in the database. They are read in slices, so
 * that a slow client holds neither a whole packet in memory nor a connection.
 */
final class PacketBytesStore implements ByteStore {
  private static final int SLICE_BYTES = 1024 * 1024;

  private final Database database;

  PacketBytesStore(Database database) {
    this.database = database;
  }

  @Override
  public void store(int environmentId, String path, String contentType, byte[] bytes) {
    database.transaction(
        environmentId,
        tx ->
            tx.sql(
                    """
                    insert into packet_bytes (environment_id, path, version, content_type, bytes)
                    values (:environment, :path, :version, :content_type, :bytes)
                        on conflict (environment_id, path) do update
                       set version = excluded.version,
                           content_type = excluded.content_type,
                           bytes = excluded.bytes
                    """)
                .bind("path", path)
                .bind("version", UUID.randomUUID())
                .bind("content_type", contentType)
                .bind("bytes", bytes)
                .update());
  }

  @Override
  public boolean has(int environmentId, String path) {
    return database.transaction(
            environmentId,
            tx ->
                tx.sql(
                        """
                        select path
                          from packet_bytes
                         where environment_id = :environment
                           and path = :path
                        """)
                    .bind("path", path)
                    .first(r -> r.text("path")))
        != null;
  }

  /** The first slice of a packet; {@code version} identifies the upload. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Head(UUID version, String contentType, int length, byte[] slice) {}

  @Override
  public @Nullable StoredBytes read(int environmentId, String path) {
    Head head =
        database.transaction(
            environmentId,
            tx ->
                tx.sql(
                        """
                        select version, content_type, octet_length(bytes) as length,
                               substring(bytes from 1 for :slice_bytes) as slice
                          from packet_bytes
                         where environment_id = :environment
                           and path = :path
                        """)
                    .bind("slice_bytes", SLICE_BYTES)
                    .bind("path", path)
                    .first(r ->
                        new Head(
                            r.uuid("version"),
                            r.text("content_type"),
                            r.integer("length"),
                            r.bytes("slice"))));
    return head == null
        ? null
        : new StoredBytes(
            head.contentType(), head.length(), out -> write(environmentId, path, head, out));
  }

  private void write(int environmentId, String path, Head head, OutputStream out) {
    try (out) {
      out.write(head.slice());
      for (int from = head.slice().length; from < head.length(); from += SLICE_BYTES) {
        out.write(slice(environmentId, path, head.version(), from));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] slice(int environmentId, String path, UUID version, int from) {
    byte[] slice =
        database.transaction(
            environmentId,
            tx ->
                tx.sql(
                        """
                        select substring(bytes from :from for :slice_bytes) as slice
                          from packet_bytes
                         where environment_id = :environment
                           and path = :path
                           and version = :version
                        """)
                    .bind("from", from + 1)
                    .bind("slice_bytes", SLICE_BYTES)
                    .bind("path", path)
                    .bind("version", version)
                    .first(r -> r.bytes("slice")));
    if (slice == null) {
      throw DatabaseException.busy("A packet was replaced while it was read");
    }
    return slice;
  }

  @Override
  public void delete(Tx tx, List<String> paths) {
    tx.sql(
            """
            delete from packet_bytes
             where environment_id = :environment
               and path = any (:paths)
            """)
        .texts("paths", paths)
        .update();
  }
}
