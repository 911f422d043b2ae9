package dev.fanfare.server.db;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What {@link DatabaseWatch} sees when it looks.
 *
 * @param backend the process of PostgreSQL at the other end
 * @param standby whether the server cannot be written to
 * @param leastSchema the version of the schema that servers must know
 */
record Look(int backend, boolean standby, int leastSchema) {
  private static final Logger log = LoggerFactory.getLogger(Look.class);

  private static final String LOOK =
      """
      select pg_catalog.pg_backend_pid() as backend,
             pg_catalog.pg_is_in_recovery() as standby,
             fanfare.least_schema() as least_schema,
             clock_timestamp() as now
      """;

  /** A locked or a huge table must not delay what the watch has to find out. */
  private static final String LIMITS =
      "select set_config('lock_timeout', '250ms', %1$s), set_config('statement_timeout', '1500ms',"
          + " %1$s)";

  /** Bounds all looks on a connection. */
  static void limit(Connection open) throws SQLException {
    try (PreparedStatement statement = open.prepareStatement(LIMITS.formatted(false))) {
      statement.execute();
    }
  }

  /**
   * Looks, with one message to PostgreSQL. If the question cannot be answered, it looks once more
   * without it.
   *
   * @param settings of every transaction, where a pooler shares connections; absent: none
   * @param question travels with the look; absent: none
   */
  static Look take(
      Connection open, @Nullable String settings, Passenger.@Nullable Question question)
      throws SQLException {
    if (question != null) {
      try {
        // The look comes back, whatever the answer to the question is.
        String text =
            """
            with look as (
            %s), asked as (
            %s)
            select l.*, a is not null as answered, a.*
              from look as l
              left join asked as a on true
            """
                .formatted(LOOK, question.query());
        return take(
            open,
            settings == null ? text : settings + "\n;" + LIMITS.formatted(true) + "\n;" + text,
            settings == null ? 0 : 2,
            question);
      } catch (SQLException e) {
        log.debug("A question got no answer", e);
      }
    }
    return take(open, LOOK, 0, null);
  }

  private static Look take(
      Connection open, String text, int resultsBefore, Passenger.@Nullable Question question)
      throws SQLException {
    long askedNanos = System.nanoTime();
    try (PreparedStatement statement = open.prepareStatement(text)) {
      statement.execute();
      for (int i = 0; i < resultsBefore; i++) {
        statement.getMoreResults();
      }
      try (ResultSet rows = statement.getResultSet()) {
        return read(rows, question, askedNanos);
      }
    }
  }

  private static Look read(ResultSet rows, Passenger.@Nullable Question question, long askedNanos)
      throws SQLException {
    rows.next();
    Row row = new Row(rows);
    Look look = new Look(row.integer("backend"), row.flag("standby"), row.integer("least_schema"));
    if (question != null && !look.standby) {
      Instant now = row.instant("now");
      do {
        if (row.flag("answered")) {
          question.read(row);
        }
      } while (rows.next());
      question.answered(now, askedNanos);
    }
    return look;
  }
}
