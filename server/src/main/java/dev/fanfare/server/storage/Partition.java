package dev.fanfare.server.storage;

import org.jspecify.annotations.Nullable;

/**
 * A partition of a table.
 *
 * @param name the name of its own table
 * @param from the least time of its ids, in Unix milliseconds; absent: it is the first
 * @param to the time at which its ids end; absent: it is the last
 */
record Partition(String name, @Nullable Long from, @Nullable Long to) {
  private static final String REMAINDER = "_before_";

  /** The name of a partition that begins at {@code from}. */
  static String name(PartitionedTable table, String from) {
    return table.table() + "_" + from;
  }

  /** The name of the first partition, with what is left of those up to {@code to}. */
  static String nameOfRemainder(PartitionedTable table, String to) {
    return table.table() + REMAINDER + to;
  }

  /** Whether it contains only what was left of dropped partitions. */
  boolean isRemainder() {
    return name.contains(REMAINDER);
  }
}
