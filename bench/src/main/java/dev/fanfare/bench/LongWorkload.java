package dev.fanfare.bench;

import java.util.Map;

/**
 * A benchmark that takes long, so it runs only when it is named. It has a testbed of its own, whose
 * database it leaves as it likes.
 */
interface LongWorkload extends Workload {
  /** Settings of its server, by the names of their environment variables. */
  Map<String, String> settings();
}
