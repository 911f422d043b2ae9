package dev.fanfare.server.storage;

import static dev.fanfare.server.config.ServerSettings.PARTITION_SPAN;
import static dev.fanfare.server.config.ServerSettings.RETENTION;

import dev.fanfare.server.access.RetentionStore;
import dev.fanfare.server.access.RetentionStore.EnvironmentRetention;
import dev.fanfare.server.config.Retention;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.storage.PartitionStore.Sized;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads how much space the runs take, by the time at which they were created. Thread-safe. */
public final class ReadStorage {
  private final Database database;
  private final Retention retention;
  private final Duration slack;
  private final PartitionStore partitions = new PartitionStore();
  private final RetentionStore retentions = new RetentionStore();

  public ReadStorage(Database database, ServerConfig config) {
    this.database = database;
    this.retention = config.get(RETENTION);
    this.slack = PartitionSweep.slack(config.get(PARTITION_SPAN));
  }

  /**
   * The partitions of one period, of all tables.
   *
   * @param from when its runs were created, inclusive; absent: it is the first period
   * @param to exclusive; absent: it is the last period
   * @param runs the number of runs, as the database estimates it
   * @param bytes the size on disk, with indexes
   * @param remainder whether it contains only what was left of dropped periods
   * @param dropAt the earliest time at which it is dropped; absent: it has no end, or the runs of
   *     an environment are kept forever
   */
  public record Period(
      @Nullable Instant from,
      @Nullable Instant to,
      long runs,
      long bytes,
      boolean remainder,
      @Nullable Instant dropAt) {}

  /**
   * The periods of the database, oldest first, and how long each environment keeps its runs.
   *
   * @param now when they were read, by the database's clock
   * @param ofServers the retention of environments without one of their own
   */
  public record Storage(
      Instant now,
      List<Period> periods,
      Retention ofServers,
      List<EnvironmentRetention> environments) {}

  /** Reads the periods. */
  public Storage read() {
    Map<Partition, Period> periods =
        new TreeMap<>(
            Comparator.comparing(
                    Partition::from, Comparator.nullsFirst(Comparator.<Long>naturalOrder()))
                .thenComparing(
                    Partition::to, Comparator.nullsLast(Comparator.<Long>naturalOrder())));
    List<EnvironmentRetention> environments = database.transaction(retentions::list);
    Duration longest = new Retentions(retention, environments).longest();
    for (Sized sized : database.transaction(partitions::sizes)) {
      periods.merge(sized.partition(), period(sized, longest), ReadStorage::sum);
    }
    return new Storage(database.now(), List.copyOf(periods.values()), retention, environments);
  }

  private Period period(Sized sized, @Nullable Duration longest) {
    Partition partition = sized.partition();
    Instant to = time(partition.to());
    return new Period(
        time(partition.from()),
        to,
        sized.table().equals(PartitionedTable.RUNS.table()) ? sized.rows() : 0,
        sized.bytes(),
        partition.isRemainder(),
        to == null || longest == null || partition.isRemainder()
            ? null
            : to.plus(longest).plus(slack));
  }

  private static Period sum(Period a, Period b) {
    return new Period(
        a.from, a.to, a.runs + b.runs, a.bytes + b.bytes, a.remainder || b.remainder, a.dropAt);
  }

  private static @Nullable Instant time(@Nullable Long millis) {
    return millis == null ? null : Instant.ofEpochMilli(millis);
  }
}
