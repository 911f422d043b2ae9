package dev.fanfare.bench;

import java.time.Duration;
import java.util.Map;

/**
 * A benchmark with a testbed of its own, whose database it leaves as it likes. In a short run,
 * those without a delay share one, whose server has the settings of all.
 */
interface SeparateWorkload extends Workload {
  /** Settings of its server, by the names of their environment variables. */
  default Map<String, String> settings() {
    return Map.of();
  }

  /** By how much longer a round trip to the database takes than on one machine. */
  default Duration databaseDelay() {
    return Duration.ZERO;
  }

  /** Whether it can share a testbed. */
  default boolean canShare() {
    return databaseDelay().isZero();
  }

  /** Whether it runs only when it is named. */
  default boolean onlyByName() {
    return false;
  }
}
