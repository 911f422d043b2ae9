package dev.fanfare.server.db;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What PostgreSQL is told about a connection when it is opened, so that no default of the role, the
 * database or the server rules it. Where a pooler shares connections between transactions, it is
 * told at the beginning of each transaction, for that transaction.
 *
 * <p>The planner options: the tables of a queue fill and empty within minutes, so statistics are
 * always out of date, and a plan from the time when a table was empty would scan all of it when it
 * is full. But every statement is written for one index. So each statement is planned once for a
 * connection (planning a claim takes longer than executing it), and plans that scan whole tables
 * are the last resort. Lists and reads of runs use {@link
 * dev.fanfare.server.db.Statement#listReplanned}.
 */
final class SessionSettings {
  private static final Logger log = LoggerFactory.getLogger(SessionSettings.class);

  /** A value that a platform or a version refuses. */
  private static final String INVALID_PARAMETER_VALUE = "22023";

  /** A setting and its value. */
  private record Setting(String name, String value) {}

  /** How values are written and read, where tables are, and what a transaction is by default. */
  private static final List<Setting> MEANING =
      List.of(
          new Setting("search_path", Database.SCHEMA),
          new Setting("default_transaction_isolation", "read committed"),
          new Setting("default_transaction_read_only", "off"),
          new Setting("default_transaction_deferrable", "off"),
          new Setting("row_security", "on"),
          new Setting("TimeZone", "UTC"),
          new Setting("DateStyle", "ISO, MDY"),
          new Setting("IntervalStyle", "postgres"),
          new Setting("bytea_output", "hex"),
          new Setting("extra_float_digits", "1"),
          new Setting("standard_conforming_strings", "on"),
          new Setting("array_nulls", "on"),
          new Setting("transform_null_equals", "off"));

  /**
   * How soon a connection whose server is dead, frozen or cut off lets go of its locks. A frozen
   * server still acknowledges probes of its connection, so the limits on waiting matter most.
   */
  private static final List<Setting> LIFE =
      List.of(
          new Setting("client_connection_check_interval", "2s"),
          new Setting("tcp_keepalives_idle", "10"),
          new Setting("tcp_keepalives_interval", "3"),
          new Setting("tcp_keepalives_count", "3"),
          new Setting("tcp_user_timeout", "20s"),
          new Setting("idle_session_timeout", "0"));

  private static final List<Setting> LIMITS =
      List.of(
          new Setting("lock_timeout", "5s"),
          new Setting("statement_timeout", "30s"),
          new Setting("transaction_timeout", "0"),
          new Setting("idle_in_transaction_session_timeout", "15s"));

  private static final List<Setting> PLANS =
      List.of(
          new Setting("plan_cache_mode", "force_generic_plan"),
          new Setting("enable_seqscan", "off"),
          new Setting("enable_bitmapscan", "off"),
          new Setting("enable_mergejoin", "off"),
          new Setting("enable_indexscan", "on"),
          new Setting("enable_indexonlyscan", "on"),
          new Setting("enable_nestloop", "on"),
          new Setting("enable_hashjoin", "on"),
          new Setting("enable_sort", "on"),
          new Setting("enable_partition_pruning", "on"),
          new Setting("from_collapse_limit", "8"),
          new Setting("join_collapse_limit", "8"),
          new Setting("jit", "off"));

  /** A migration may rewrite a large table, and wait for statements of other servers. */
  private static final List<Setting> MIGRATION_LIMITS =
      List.of(
          new Setting("lock_timeout", "5min"),
          new Setting("statement_timeout", "0"),
          new Setting("transaction_timeout", "0"),
          new Setting("idle_in_transaction_session_timeout", "0"));

  /** For the transactions of a server. */
  static final SessionSettings WORK = new SessionSettings(List.of(MEANING, LIMITS, PLANS));

  /** For the migration of the schema. */
  static final SessionSettings MIGRATION = new SessionSettings(List.of(MEANING, MIGRATION_LIMITS));

  /**
   * Skips settings that this version of PostgreSQL does not have. An answer leaves after its commit
   * is durable: a default that asks for less is overruled, one that asks for more stays.
   */
  private static final String APPLY =
      """
      select set_config(chosen.name, chosen.value, false)
        from unnest(?::text[], ?::text[]) as chosen (name, value)
        join pg_catalog.pg_settings known on lower(known.name) = lower(chosen.name)
      union all
      select set_config('synchronous_commit', 'on', false)
       where current_setting('synchronous_commit') <> 'remote_apply'
      """;

  private static final String KNOWN = "select lower(name) from pg_catalog.pg_settings";

  private static final String SYNCHRONOUS_COMMIT =
      "set_config('synchronous_commit', case current_setting('synchronous_commit')"
          + " when 'remote_apply' then 'remote_apply' else 'on' end, true)";

  /** Those that a single transaction can have; a connection has {@link #LIFE}, too. */
  private final List<Setting> ofTransaction;

  private SessionSettings(List<List<Setting>> groups) {
    ofTransaction = groups.stream().flatMap(List::stream).toList();
  }

  /**
   * The statement that applies the settings to one transaction, which must come before any other
   * but that which sets its isolation.
   *
   * @param connection to the database, whose version knows some of the settings
   */
  String ofTransaction(Connection connection) throws SQLException {
    Set<String> known = new HashSet<>();
    try (Statement statement = connection.createStatement();
        ResultSet names = statement.executeQuery(KNOWN)) {
      while (names.next()) {
        known.add(names.getString(1));
      }
    }
    return ofTransaction.stream()
        .filter(setting -> known.contains(setting.name().toLowerCase(Locale.ROOT)))
        .map(setting -> "set_config('%s', '%s', true)".formatted(setting.name(), setting.value()))
        .collect(Collectors.joining(", ", "select ", ", " + SYNCHRONOUS_COMMIT));
  }

  /** Applies the settings to a connection in auto-commit mode, for as long as it lives. */
  void apply(Connection connection) throws SQLException {
    // The limits of the role's own must not cut the statement that replaces them.
    try (Statement statement = connection.createStatement()) {
      statement.execute("set statement_timeout = 0");
    }
    List<Setting> settings = new ArrayList<>(ofTransaction);
    settings.addAll(LIFE);
    try {
      apply(connection, settings);
    } catch (SQLException e) {
      if (!INVALID_PARAMETER_VALUE.equals(e.getSQLState())) {
        throw e;
      }
      applyOneByOne(connection, settings);
    }
  }

  private static void apply(Connection connection, List<Setting> settings) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(APPLY)) {
      statement.setArray(1, texts(connection, settings.stream().map(Setting::name).toArray()));
      statement.setArray(2, texts(connection, settings.stream().map(Setting::value).toArray()));
      statement.executeQuery().close();
    }
  }

  private static java.sql.Array texts(Connection connection, Object[] texts) throws SQLException {
    return connection.createArrayOf("text", texts);
  }

  /** Not every platform of PostgreSQL can watch whether its client is there. */
  private static void applyOneByOne(Connection connection, List<Setting> settings)
      throws SQLException {
    for (Setting setting : settings) {
      try {
        apply(connection, List.of(setting));
      } catch (SQLException e) {
        if (!INVALID_PARAMETER_VALUE.equals(e.getSQLState())) {
          throw e;
        }
        log.debug("This PostgreSQL does not take {} = {}", setting.name(), setting.value());
      }
    }
  }
}
