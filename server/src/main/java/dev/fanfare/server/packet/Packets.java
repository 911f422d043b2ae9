package dev.fanfare.server.packet;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.packet.ByteStore.StoredBytes;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Stores, reads and prunes packets. The database lists the packets; a {@link ByteStore} has their
 * bytes. Thread-safe.
 */
public final class Packets {
  /** How long a packet is kept without a run that refers to it. */
  public static final Duration UNUSED_LIFE = Duration.ofDays(1);

  private final Database database;
  private final ByteStore bytes;
  private final InstantSource clock;
  private final PacketStore packets = new PacketStore();

  Packets(Database database, ByteStore bytes, InstantSource clock) {
    this.database = database;
    this.bytes = bytes;
    this.clock = clock;
  }

  /** Stores a packet, replacing an older one with the same path. Once it returns, it is durable. */
  public void store(int environmentId, String path, String contentType, byte[] content) {
    // Commit the row first: if the server crashes after the bytes are stored, the row lets a sweep
    // prune them.
    database.transaction(
        environmentId,
        tx -> {
          packets.add(tx, path, clock.instant());
          return null;
        });
    bytes.store(environmentId, path, contentType, content);
  }

  /** The packet with a path, or {@code null} when the environment has none. */
  public @Nullable StoredBytes read(int environmentId, String path) {
    return bytes.read(environmentId, path);
  }

  /** Whether the environment has a packet with this path. */
  public boolean has(int environmentId, String path) {
    return bytes.has(environmentId, path);
  }

  /**
   * Deletes packets that were stored more than {@link #UNUSED_LIFE} ago and that no run refers to.
   * Considers up to {@code max} packets, and returns how many it considered.
   */
  public int prune(int environmentId, Instant now, int max) {
    // Bytes in a folder are deleted before the commit. After a crash in between, the rows still
    // exist, and the next step deletes them.
    return database.transaction(
        environmentId,
        tx -> {
          List<String> unused = packets.lockUnused(tx, now.minus(UNUSED_LIFE), max);
          if (unused.isEmpty()) {
            return 0;
          }
          Set<String> used = Set.copyOf(packets.markUsed(tx, unused));
          List<String> deleted = unused.stream().filter(path -> !used.contains(path)).toList();
          if (!deleted.isEmpty()) {
            bytes.delete(tx, deleted);
            packets.delete(tx, deleted);
          }
          return unused.size();
        });
  }
}
