package dev.fanfare.server.lease;

import dev.fanfare.server.config.RequestMemory;
import java.util.List;
import java.util.concurrent.Semaphore;

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

  /** The turn of one read, which ends when it is closed. */
  final class Turn implements AutoCloseable {
    private final ClaimMemory memory;
    private boolean begun;

    private Turn(ClaimMemory memory) {
      this.memory = memory;
    }

    /**
     * Waits until the read may begin, and returns whether there is memory for it. Called in the
     * transaction that reads, which has its connection, so that no read waits for one. A
     * transaction that is repeated calls it again.
     */
    boolean begin() {
      if (!begun) {
        reads.acquireUninterruptibly();
        begun = true;
      }
      return !memory.isSpent();
    }

    /** Takes memory for what was read. */
    void hold(List<ClaimedRun> runs) {
      memory.hold(chars(runs));
    }

    @Override
    public void close() {
      if (begun) {
        reads.release();
      }
    }
  }

  /** The turn of a read, before it begins. Whoever asks closes it after the transaction. */
  Turn turn(ClaimMemory memory) {
    return new Turn(memory);
  }

  static long chars(List<ClaimedRun> runs) {
    return runs.stream().mapToLong(ClaimedRun::chars).sum();
  }
}
