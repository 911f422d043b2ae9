package dev.fanfare.server.lease;

import dev.fanfare.server.config.RequestMemory;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads of the payloads and metadata of claimed runs. Only a few go on at once, and none while
 * requests hold all memory, since a slow worker holds what it claimed until it has read its
 * response. Thread-safe.
 */
final class PayloadReads {
  /** A poll reads no more once it has this many characters. */
  static final long CHARS_MAX = 4L * 1024 * 1024;

  /** What a read may hold: texts, as the driver and as Java have them. */
  private static final long READ_BYTES = 3 * CHARS_MAX;

  private final Semaphore reads =
      new Semaphore((int) Math.max(3, RequestMemory.total() / (4 * READ_BYTES)), true);

  /**
   * Reads runs in a transaction that has its connection, so that no read waits for one. Returns
   * {@code null}, without reading, if there is no memory.
   */
  @Nullable List<ClaimedRun> read(ClaimMemory memory, Supplier<List<ClaimedRun>> read) {
    reads.acquireUninterruptibly();
    try {
      if (memory.isSpent()) {
        return null;
      }
      List<ClaimedRun> runs = read.get();
      memory.hold(chars(runs));
      return runs;
    } finally {
      reads.release();
    }
  }

  static long chars(List<ClaimedRun> runs) {
    return runs.stream().mapToLong(ClaimedRun::chars).sum();
  }
}
