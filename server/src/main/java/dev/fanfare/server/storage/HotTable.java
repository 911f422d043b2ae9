package dev.fanfare.server.storage;

import java.util.Locale;

/**
 * The tables through which every run passes. Each has a single partition, which {@link
 * DeadRowSweep} can replace.
 */
enum HotTable {
  READY("environment_id, task_id, version_id, lane_id, rank, last_id"),
  LEASES("environment_id, run_id"),
  DELAYS("environment_id, run_id"),
  SLOTS("environment_id, queue_id, concurrency_key");

  /** The columns of its primary key. */
  final String key;

  HotTable(String key) {
    this.key = key;
  }

  String table() {
    return name().toLowerCase(Locale.ROOT);
  }
}
