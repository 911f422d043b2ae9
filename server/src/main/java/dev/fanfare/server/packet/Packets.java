package dev.fanfare.server.packet;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.packet.ByteStore.StoredBytes;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Packets of environments: stored, read, and pruned when nothing came of them. Which packets there
 * are is told by the database, where their bytes are by a {@link ByteStore}.
 */
public final class Packets {
  /** How long a packet may wait for the run that refers to it. */
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

  /** Stores a packet, in place of an older one under the same path; durable when it returns. */
  public void store(int environmentId, String path, String contentType, byte[] content) {
    // Committed first: bytes that a crash leaves behind then have a row by which they are pruned.
    database.transaction(
        environmentId,
        tx -> {
          packets.add(tx, path, clock.instant());
          return null;
        });
    bytes.store(environmentId, path, contentType, content);
  }

  /** A packet, or {@code null} when the environment has none under this path. */
  public @Nullable StoredBytes read(int environmentId, String path) {
    return bytes.read(environmentId, path);
  }

  /** Forgets up to {@code max} packets that no run has referred to for too long. */
  public int prune(int environmentId, Instant now, int max) {
    // Bytes outside the database are gone before the commit, which a crash may prevent: then their
    // rows are still there, and the next step deletes nothing and forgets them.
    return database.transaction(
        environmentId,
        tx -> {
          List<String> unused = packets.lockUnused(tx, now.minus(UNUSED_LIFE), max);
          if (!unused.isEmpty()) {
            bytes.delete(tx, unused);
            packets.delete(tx, unused);
          }
          return unused.size();
        });
  }
}
