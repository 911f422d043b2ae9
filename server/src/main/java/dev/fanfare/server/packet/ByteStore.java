package dev.fanfare.server.packet;

import dev.fanfare.server.db.Tx;
import java.io.OutputStream;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Storage for the bytes of packets. Thread-safe; several servers may use it at the same time. */
public interface ByteStore {

  /**
   * The bytes of a packet. An upload that replaces the packet meanwhile does not mix with them.
   *
   * @param length the number of bytes
   * @param content writes the bytes and closes the stream; call it once
   */
  record StoredBytes(String contentType, long length, Consumer<OutputStream> content) {}

  /**
   * Stores bytes under a path, replacing older ones atomically. Once it returns, they are durable.
   */
  void store(int environmentId, String path, String contentType, byte[] bytes);

  /** The bytes under a path, or {@code null} when there are none. */
  @Nullable StoredBytes read(int environmentId, String path);

  /** Whether there are bytes under a path. */
  boolean has(int environmentId, String path);

  /** Deletes the bytes under these paths, if any, at the latest when {@code tx} commits. */
  void delete(Tx tx, List<String> paths);
}
