package dev.fanfare.bench;

import dev.fanfare.testkit.Await;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The days over which the stored runs are spread, each with a partition of every table. The server
 * makes partitions only for the future, so those of the past are made here, as it would have made
 * them.
 */
final class StoredDays {
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

  /** It changes a table every two seconds. */
  private static final Duration SPLIT = Duration.ofMinutes(1);

  private static final Pattern END = Pattern.compile("TO \\('([0-9a-f-]{36})'\\)");

  private final LocalDate today;
  private final int count;

  private StoredDays(LocalDate today, int count) {
    this.today = today;
    this.count = count;
  }

  /** So many days up to today. The future, which the server splits off, begins after tomorrow. */
  static StoredDays of(Connection connection, int count) throws SQLException {
    Await.until(
        "the server splits off the future",
        SPLIT,
        () -> bounds(connection).stream().noneMatch(bounds -> bounds.contains("MAXVALUE")));
    String first = bounds(connection).getFirst();
    Matcher end = END.matcher(first);
    if (!end.find()) {
      throw new SQLException("The first partition has the bounds " + first);
    }
    long millis = UUID.fromString(end.group(1)).getMostSignificantBits() >>> 16;
    LocalDate future = LocalDate.ofInstant(Instant.ofEpochMilli(millis), ZoneOffset.UTC);
    return new StoredDays(future.minusDays(2), count);
  }

  /** The bounds of the first partitions of all tables. */
  private static List<String> bounds(Connection connection) throws SQLException {
    List<String> bounds = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet result =
            statement.executeQuery(
                """
                select pg_get_expr(relpartbound, oid)
                  from pg_class
                 where relnamespace = 'fanfare'::regnamespace
                   and relkind = 'r'
                   and relname like '%\\_first'
                """)) {
      while (result.next()) {
        bounds.add(result.getString(1));
      }
    }
    return bounds;
  }

  int count() {
    return count;
  }

  /** When a day begins; 0 is the oldest. */
  Instant start(int day) {
    return today.minusDays(count - 1L - day).atStartOfDay(ZoneOffset.UTC).toInstant();
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
        for (int day = 1; day <= count; day++) {
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
