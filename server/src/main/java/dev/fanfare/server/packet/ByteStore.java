package dev.fanfare.server.packet;

import dev.fanfare.server.db.Tx;
import java.io.OutputStream;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Where the bytes of packets are. Safe for use by many threads, and by many servers at once. */
public interface ByteStore {

  /**
   * The bytes under a path, as they were at one moment.
   *
   * @param content writes them and closes the stream; call it once
   */
  record StoredBytes(String contentType, long length, Consumer<OutputStream> content) {}

  /** Puts bytes under a path, in place of older ones; durable and whole when it returns. */
  void store(int environmentId, String path, String contentType, byte[] bytes);

  /** What is under a path, or {@code null}. */
  @Nullable StoredBytes read(int environmentId, String path);

  /** Deletes what is under these paths, if anything, at the latest when {@code tx} commits. */
  void delete(Tx tx, List<String> paths);
}
