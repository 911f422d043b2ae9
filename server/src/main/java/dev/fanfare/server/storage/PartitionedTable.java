package dev.fanfare.server.storage;

import java.util.Locale;

/**
 * The tables that are partitioned by the time in an id. {@code RUNS} comes first: rows of the
 * others whose run is gone are not found any more.
 */
enum PartitionedTable {
  RUNS("run_id", "environment_id, run_id", 100),
  OUTCOMES("run_id", "environment_id, run_id", 100),
  RUN_TAGS("run_id", "environment_id, tag, run_id", 100),
  RUN_METADATA("run_id", "environment_id, run_id", 70),
  PACKET_REFS("run_id", "environment_id, path, run_id", 100),
  BATCHES("batch_id", "environment_id, batch_id", 80);

  /** The column that partitions it. */
  final String id;

  /** The columns of its primary key. */
  final String key;

  /** How full PostgreSQL makes its pages, in per cent. */
  final int fillFactor;

  PartitionedTable(String id, String key, int fillFactor) {
    this.id = id;
    this.key = key;
    this.fillFactor = fillFactor;
  }

  String table() {
    return name().toLowerCase(Locale.ROOT);
  }
}
