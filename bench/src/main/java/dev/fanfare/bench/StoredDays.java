package dev.fanfare.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.UUID;

/**
 * The days over which the stored runs are spread, each with a partition of every table. The server
 * makes partitions only for the future, so those of the past are made here, as it would have made
 * them.
 */
final class StoredDays {
  static final int COUNT = 30;

  private static final DateTimeFormatter NAME = DateTimeFormatter.BASIC_ISO_DATE;

  /** The partitioned tables with the fill factors of their partitions. */
  private enum Table {
    RUNS(100),
    OUTCOMES(100),
    RUN_TAGS(100),
    RUN_METADATA(70),
    PACKET_REFS(100),
    BATCHES(80);

    private final int fillFactor;

    Table(int fillFactor) {
      this.fillFactor = fillFactor;
    }

    private String partition(String suffix) {
      return "fanfare." + this + "_" + suffix;
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final LocalDate today;

  /** The days up to {@code today}. */
  StoredDays(LocalDate today) {
    this.today = today;
  }

  /** When a day begins; 0 is the oldest. */
  Instant start(int day) {
    return today.minusDays(COUNT - 1L - day).atStartOfDay(ZoneOffset.UTC).toInstant();
  }

  /** The part of a day that is over. */
  Duration span(int day, Instant now) {
    Instant end = start(day + 1);
    return Duration.between(start(day), end.isBefore(now) ? end : now);
  }

  /**
   * Splits the first partition of each table, which must be empty, into one for each day. The
   * server has split off the future.
   */
  void split(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("select pg_advisory_xact_lock(hashtext('fanfare partitions'))");
      for (Table table : Table.values()) {
        statement.execute("drop table " + table.partition("first"));
        create(statement, table, "first", "minvalue", bound(1));
        for (int day = 1; day <= COUNT; day++) {
          create(
              statement,
              table,
              NAME.format(LocalDate.ofInstant(start(day), ZoneOffset.UTC)),
              bound(day),
              bound(day + 1));
        }
      }
      connection.commit();
    } finally {
      connection.setAutoCommit(true);
    }
  }

  private static void create(
      Statement statement, Table table, String suffix, String from, String to) throws SQLException {
    statement.execute(
        "create table %s partition of fanfare.%s for values from (%s) to (%s) with (fillfactor = %s)"
            .formatted(table.partition(suffix), table, from, to, table.fillFactor));
  }

  private String bound(int day) {
    return "'" + new UUID(start(day).toEpochMilli() << 16, 0) + "'";
  }
}
