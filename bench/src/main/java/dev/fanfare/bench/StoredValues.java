package dev.fanfare.bench;

import dev.fanfare.protocol.PublicId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Random values of the stored runs, as the requests of a measurement need them. */
final class StoredValues {
  private static final String ENVIRONMENT =
      "environment_id = (select e.environment_id from fanfare.environments e where e.slug = 'dev')";

  private final Connection connection;
  private final Random random;
  private final StoredDays days;
  private final Instant now;

  StoredValues(Connection connection, Random random, StoredDays days, Instant now) {
    this.connection = connection;
    this.random = random;
    this.days = days;
    this.now = now;
  }

  String one(List<String> values) {
    return values.get(random.nextInt(values.size()));
  }

  int number(int bound) {
    return random.nextInt(bound);
  }

  /** A moment of the stored days that is at least {@code before} ago. */
  Instant time(Duration before) {
    Instant start = days.start(0);
    long span = Duration.between(start, now.minus(before)).toMillis();
    return start.plusMillis(random.nextLong(span));
  }

  String run() throws SQLException {
    return id(
        PublicId.RUN, "select run_id from fanfare.runs where %s and run_id >= ? order by run_id");
  }

  String queuedRun() throws SQLException {
    return id(
        PublicId.RUN,
        "select run_id from fanfare.ready_runs where %s and run_id >= ? order by run_id");
  }

  String batch() throws SQLException {
    return id(
        PublicId.BATCH,
        "select batch_id from fanfare.batches where %s and batch_id >= ? order by batch_id");
  }

  /** A run with three children. */
  String parent() throws SQLException {
    return id(
        PublicId.RUN,
        """
        select parent_run_id from fanfare.runs
         where %s and parent_run_id >= ? and batch_index %% 20 <> 0
         order by parent_run_id
        """);
  }

  /** A run with 999 children. */
  String largeParent() throws SQLException {
    return id(
        PublicId.RUN,
        """
        select b.first_ids[1] from fanfare.batches b
         where %s and b.batch_id >= ?
           and exists (select from fanfare.runs r
                        where r.environment_id = b.environment_id
                          and r.parent_run_id = b.first_ids[1]
                          and r.run_id = b.first_ids[21])
         order by b.batch_id
        """);
  }

  /** The first id after a random time, or the very first one. */
  private String id(String prefix, String query) throws SQLException {
    UUID found = first(query, new UUID(time(Duration.ZERO).toEpochMilli() << 16, 0));
    return PublicId.format(prefix, found == null ? require(query) : found);
  }

  private UUID require(String query) throws SQLException {
    UUID found = first(query, new UUID(0, 0));
    if (found == null) {
      throw new SQLException("No row is stored: " + query);
    }
    return found;
  }

  private @Nullable UUID first(String query, UUID from) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(query.formatted(ENVIRONMENT) + " limit 1")) {
      select.setObject(1, from);
      try (ResultSet result = select.executeQuery()) {
        return result.next() ? result.getObject(1, UUID.class) : null;
      }
    }
  }
}
