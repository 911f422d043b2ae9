package dev.fanfare.server.storage;

import static dev.fanfare.server.config.ServerSettings.PARTITION_SPAN;
import static dev.fanfare.server.config.ServerSettings.RETENTION;

import dev.fanfare.server.access.RetentionStore;
import dev.fanfare.server.access.RetentionStore.EnvironmentRetention;
import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.config.Retention;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.IdRanges;
import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.packet.PacketName;
import dev.fanfare.server.queue.ExpiryStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates partitions ahead of time, and drops those whose content is older than the retention.
 *
 * <p>Changing the partitions of a table takes its exclusive lock, for milliseconds. Statements of
 * users wait behind a transaction that waits for such a lock, so it gives up quickly and tries
 * again later: a long read delays the change, and nobody else. Afterwards every connection plans
 * its statements on the table again, so a step changes one table, and pauses before the next.
 */
final class PartitionSweep implements Sweep {
  private static final Logger log = LoggerFactory.getLogger(PartitionSweep.class);

  private static final Duration INTERVAL_MIN = Duration.ofSeconds(1);
  private static final Duration INTERVAL_MAX = Duration.ofMinutes(1);

  /** Of the span of a partition: there is time to change every table twice. */
  private static final int PAUSES = 50;

  private static final Duration PAUSE_MAX = Duration.ofSeconds(2);

  private static final int EXPIRIES_AT_ONCE = 10_000;

  /** Whether the last step could not make a change. */
  private volatile boolean busy;

  private final Database database;
  private final PartitionLock lock;
  private final IdRanges ranges;
  private final Duration span;
  private final Retention retention;
  private final RetentionStore retentions = new RetentionStore();
  private final PartitionStore partitions = new PartitionStore();
  private final SurvivorStore survivors = new SurvivorStore();
  private final ReleasedPacketStore releasedPackets = new ReleasedPacketStore();
  private final ExpiryStore expiries = new ExpiryStore();

  PartitionSweep(Resources resources) {
    this.database = resources.database();
    this.lock = new PartitionLock(database);
    this.span = resources.config().get(PARTITION_SPAN);
    this.retention = resources.config().get(RETENTION);
    this.ranges = new IdRanges(span, resources.clock());
  }

  @Override
  public boolean isOfDatabase() {
    return true;
  }

  @Override
  public Duration interval() {
    return busy ? INTERVAL_MIN : interval(span);
  }

  /** A part of the time that a partition covers, between a second and a minute. */
  static Duration interval(Duration span) {
    Duration share = span.dividedBy(20);
    return share.compareTo(INTERVAL_MIN) < 0
        ? INTERVAL_MIN
        : share.compareTo(INTERVAL_MAX) > 0 ? INTERVAL_MAX : share;
  }

  @Override
  public Duration pause() {
    Duration share = span.dividedBy(PAUSES);
    return share.compareTo(PAUSE_MAX) > 0 ? PAUSE_MAX : share;
  }

  @Override
  public DueQuery dueQuery() {
    return DueQuery.of("select 0 as environment_id, now() as at");
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    busy = false;
    if (isDone(now)) {
      return 0;
    }
    for (PartitionedTable table : PartitionedTable.values()) {
      if (prepare(table, now)) {
        return 1;
      }
    }
    Instant kept = kept(database.transaction(retentions::list), now);
    for (PartitionedTable table : PartitionedTable.values()) {
      if (expire(table, kept)) {
        return 1;
      }
    }
    return 0;
  }

  /** Whether nothing needs a change, which nearly always is so, and takes one round trip. */
  private boolean isDone(Instant now) {
    Later<Boolean> done =
        database.transaction(tx -> {
          Later<Map<PartitionedTable, List<Partition>>> all = partitions.all(tx);
          Later<List<String>> detached = partitions.allDetached(tx);
          Later<List<EnvironmentRetention>> own = retentions.listLater(tx);
          return () -> detached.get().isEmpty() && isDone(all.get(), now, kept(own.get(), now));
        });
    return done.get();
  }

  private boolean isDone(Map<PartitionedTable, List<Partition>> all, Instant now, Instant kept) {
    long endOfDroppedRuns = end(Objects.requireNonNull(all.get(PartitionedTable.RUNS)));
    return all.entrySet().stream()
        .allMatch(table ->
            isAhead(table.getValue().getLast(), now)
                && old(table.getValue(), end(table.getKey(), kept, endOfDroppedRuns)).isEmpty());
  }

  /** No id is older than the epoch. What an earlier step has begun is completed nevertheless. */
  private Instant kept(List<EnvironmentRetention> own, Instant now) {
    Duration longest = new Retentions(retention, own).longest();
    return longest == null ? Instant.EPOCH : now.minus(longest);
  }

  /**
   * Splits the last partition unless it begins at least one span after now; returns whether it did.
   */
  private boolean prepare(PartitionedTable table, Instant now) {
    Partition last = database.transaction(tx -> partitions.partitions(tx, table)).getLast();
    if (isAhead(last, now)) {
      return false;
    }
    long latest = now.plus(span).toEpochMilli();
    UUID newest = database.transaction(tx -> partitions.newest(tx, table, last));
    // At least a span ahead: until the split is done, greater ids are refused.
    long to = ranges.end(newest == null ? latest : Math.max(latest, IdRanges.millis(newest)));
    boolean done = split(table, last, to); // otherwise another server does it, or the next step
    if (done) {
      log.debug("Partitions of {}: {} ends now at {}", table.table(), last.name(), time(to));
    }
    return done;
  }

  private boolean isAhead(Partition last, Instant now) {
    return last.from() != null && last.from() >= now.plus(span).toEpochMilli();
  }

  private boolean split(PartitionedTable table, Partition last, long to) {
    return locking(tx -> partitions.check(tx, table, last, to))
        && locking(tx -> partitions.validate(tx, last))
        && locking(tx -> partitions.split(tx, table, last, to, partitions.create(tx, table, to)));
  }

  /**
   * Replaces the partitions that ended before {@code kept} by what survives of them; returns
   * whether it did.
   */
  private boolean expire(PartitionedTable table, Instant kept) {
    List<Partition> all = database.transaction(tx -> partitions.partitions(tx, table));
    List<Partition> old = old(all, end(table, kept, endOfDroppedRuns()));
    if (old.isEmpty()) {
      dropDetached(table);
      return false;
    }
    long to = Objects.requireNonNull(old.getLast().to());
    AtomicInteger count = new AtomicInteger();
    boolean done =
        locking(tx -> {
          partitions.lockWriters(tx, old);
          // Only now is every run visible that a slow transaction stored with an old id.
          List<Survivor> found = survivors(tx, table, to, kept);
          count.set(found.size());
          if (found.size() <= SurvivorStore.MAX) {
            partitions.replace(tx, table, old, found);
          }
        });
    if (done && count.get() > SurvivorStore.MAX) {
      log.warn(
          "The partitions of {} before {} stay: more than {} of their rows are still needed",
          table.table(),
          time(to),
          SurvivorStore.MAX);
      return false;
    }
    if (done) {
      log.info(
          "Dropped {} partitions of {} before {}; {} of their rows stay",
          old.size(),
          table.table(),
          time(to),
          count.get());
      dropDetached(table);
    }
    return done;
  }

  /** Those that end before {@code end}, unless that is only what was left of such ones. */
  private static List<Partition> old(List<Partition> all, long end) {
    List<Partition> old = all.stream().takeWhile(p -> p.to() != null && p.to() <= end).toList();
    return old.size() == 1 && old.getFirst().isRemainder() ? List.of() : old;
  }

  /** Whatever belongs to a run goes after it. */
  private long end(PartitionedTable table, Instant kept, long endOfDroppedRuns) {
    return table == PartitionedTable.RUNS || table == PartitionedTable.BATCHES
        ? kept.minus(slack(span)).toEpochMilli()
        : endOfDroppedRuns;
  }

  private long endOfDroppedRuns() {
    return end(database.transaction(tx -> partitions.partitions(tx, PartitionedTable.RUNS)));
  }

  private static long end(List<Partition> runs) {
    Partition first = runs.getFirst();
    return first.isRemainder() ? Objects.requireNonNull(first.to()) : Long.MIN_VALUE;
  }

  /** Most runs end soon after they were created: then a partition has few survivors. */
  static Duration slack(Duration span) {
    Duration day = Duration.ofDays(1);
    return span.compareTo(day) < 0 ? span : day;
  }

  private List<Survivor> survivors(Tx tx, PartitionedTable table, long before, Instant kept) {
    return switch (table) {
      case RUNS -> survivors.runs(tx, before, kept);
      case BATCHES -> survivors.batches(tx, before, kept);
      case OUTCOMES, RUN_TAGS, RUN_METADATA, PACKET_REFS -> survivors.storedRuns(tx, before);
    };
  }

  private void dropDetached(PartitionedTable table) {
    for (String name : database.transaction(tx -> partitions.detached(tx, table))) {
      boolean released =
          switch (table) {
            case RUNS -> deleteExpiries();
            case PACKET_REFS -> releasePackets(name);
            default -> true;
          };
      if (released) {
        locking(tx -> partitions.drop(tx, name));
      }
    }
  }

  /** Repeated by a later step if it does not get a lock, before the table is dropped. */
  private boolean deleteExpiries() {
    UUID before = IdRanges.first(endOfDroppedRuns());
    AtomicInteger deleted = new AtomicInteger();
    do {
      if (!locking(tx -> deleted.set(expiries.deleteOfDropped(tx, before, EXPIRIES_AT_ONCE)))) {
        return false;
      }
    } while (deleted.get() == EXPIRIES_AT_ONCE);
    return true;
  }

  /** Its rows refer to packets no more; repeated from the beginning if it does not get a lock. */
  private boolean releasePackets(String name) {
    AtomicReference<@Nullable PacketName> last = new AtomicReference<>();
    do {
      PacketName after = last.getAndSet(null);
      if (!locking(tx -> last.set(releasedPackets.release(tx, name, after)))) {
        return false;
      }
    } while (last.get() != null);
    return true;
  }

  private boolean locking(Consumer<Tx> change) {
    boolean done = lock.attempt(change);
    busy |= !done;
    return done;
  }

  private static Instant time(long millis) {
    return Instant.ofEpochMilli(millis);
  }
}
