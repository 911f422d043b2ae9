package dev.fanfare.server.run;

import java.util.List;
import java.util.UUID;

/**
 * A run that is about to be read.
 *
 * @param bytes the size of its texts, without those that a summary omits
 */
record SizedRun(UUID id, long bytes) {
  /** What a run takes besides its texts. */
  private static final long OWN_BYTES = 2_048;

  static List<UUID> ids(List<SizedRun> runs) {
    return runs.stream().map(SizedRun::id).toList();
  }

  static long sum(List<SizedRun> runs) {
    return runs.stream().mapToLong(run -> OWN_BYTES + run.bytes()).sum();
  }

  /**
   * The first runs, at most {@code max}, and fewer when they would exceed {@code bytesMax}; at
   * least one.
   */
  static List<SizedRun> fitting(List<SizedRun> runs, int max, long bytesMax) {
    int count = 0;
    long bytes = 0;
    for (SizedRun run : runs) {
      bytes += run.bytes();
      if (count == max || (count > 0 && bytes > bytesMax)) {
        break;
      }
      count++;
    }
    return runs.subList(0, count);
  }
}
