package dev.fanfare.server.packet;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * SQL of {@code packet_bytes}: packets within the database. They are read in slices, so that
 * neither memory nor a connection is held for as long as a slow client takes.
 */
public final class PacketBytesStore implements ByteStore {
  private static final int SLICE_BYTES = 1024 * 1024;

  private final Database database;

  public PacketBytesStore(Database database) {
    this.database = database;
  }

  @Override
  public void store(int environmentId, String path, String contentType, byte[] bytes) {
    database.transaction(tx ->
        tx.update(
            """
            insert into packet_bytes (environment_id, path, version, content_type, bytes)
            values (?, ?, ?, ?, ?)
                on conflict (environment_id, path) do update
               set version = excluded.version,
                   content_type = excluded.content_type,
                   bytes = excluded.bytes
            """,
            environmentId,
            path,
            UUID.randomUUID(),
            contentType,
            bytes));
  }

  /** The beginning of a packet; {@code version} names the upload. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Head(UUID version, String contentType, int length, byte[] slice) {}

  @Override
  public @Nullable StoredBytes read(int environmentId, String path) {
    Head head =
        database.transaction(tx ->
            tx.first(
                """
                select version, content_type, octet_length(bytes) as length,
                       substring(bytes from 1 for ?) as slice
                  from packet_bytes
                 where environment_id = ?
                   and path = ?
                """,
                r ->
                    new Head(
                        r.uuid("version"),
                        r.text("content_type"),
                        r.integer("length"),
                        r.bytes("slice")),
                SLICE_BYTES,
                environmentId,
                path));
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
        database.transaction(tx ->
            tx.first(
                """
                select substring(bytes from ? for ?) as slice
                  from packet_bytes
                 where environment_id = ?
                   and path = ?
                   and version = ?
                """,
                r -> r.bytes("slice"),
                from + 1,
                SLICE_BYTES,
                environmentId,
                path,
                version));
    if (slice == null) {
      throw new IllegalStateException("A packet was replaced while it was read");
    }
    return slice;
  }

  @Override
  public void delete(Tx tx, int environmentId, List<String> paths) {
    tx.update(
        """
        delete from packet_bytes
         where environment_id = ?
           and path = any (?)
        """,
        environmentId,
        paths.toArray(String[]::new));
  }
}
