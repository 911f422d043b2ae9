package dev.fanfare.server;

import static dev.fanfare.server.config.ServerSettings.POLL_WAIT;
import static dev.fanfare.server.config.ServerSettings.RETRY_IN_PLACE_MAX;

import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.config.ServerSettings;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.MigratedDatabase;
import dev.fanfare.server.db.Signals;
import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.SettableClock;
import dev.fanfare.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * The components of a server without its HTTP edge, with their own database and a clock that tests
 * advance. Nothing runs in the background: a sweep runs only when a test calls it. Each test uses
 * an environment of its own.
 */
public final class Engine implements AutoCloseable {
  public static final int LOSSES_MAX = 3;
  public static final Duration SESSION_LEASE = Duration.ofHours(1);
  public static final Duration START_LIMIT = Duration.ofMinutes(1);
  public static final Duration IN_PLACE_MAX = Duration.ofSeconds(5);

  private static final ServerConfig CONFIG =
      ServerConfig.defaults()
          .with(POLL_WAIT, Duration.ofNanos(1)) // a poll that finds nothing returns immediately
          .with(ServerSettings.LOSSES_MAX, LOSSES_MAX)
          .with(ServerSettings.SESSION_LEASE, SESSION_LEASE)
          .with(ServerSettings.START_LIMIT, START_LIMIT)
          .with(RETRY_IN_PLACE_MAX, IN_PLACE_MAX);

  public final SettableClock clock = new SettableClock();
  public final Database database;

  private final TestDatabase home;
  private final Signals signals;
  private final List<Integer> tenantIds = new CopyOnWriteArrayList<>();
  private final AtomicInteger environments = new AtomicInteger();
  private final TimeOrderedIds ids = new TimeOrderedIds(clock);
  final Components components;

  private Engine(Map<String, String> settings) {
    home = MigratedDatabase.create();
    settings.forEach(this::set);
    database = MigratedDatabase.open(home, 12);
    signals = Signals.start(database);
    components = server();
  }

  /** The components of another server on the same database, with nothing in memory yet. */
  Components server() {
    return server(CONFIG);
  }

  /** The same with other settings, for example a changed {@link #config}. */
  Components server(ServerConfig config) {
    return new Components(new Resources(config, database, signals, clock, ids, new Random(1)));
  }

  /** Opens a connection beside those of the servers; the caller closes it. */
  Connection connect() throws SQLException {
    return home.connect();
  }

  static ServerConfig config() {
    return CONFIG;
  }

  public static Engine start() {
    return start(Map.of());
  }

  /** On a database whose new connections have these settings. */
  static Engine start(Map<String, String> settings) {
    return new Engine(settings);
  }

  private void set(String name, String value) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "alter database %s set %s = '%s'".formatted(connection.getCatalog(), name, value));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Creates an empty environment. */
  public Tenant tenant() {
    int n = environments.incrementAndGet();
    int id =
        Objects.requireNonNull(
            database.transaction(tx ->
                tx.sql(
                        """
                        insert into environments (public_id, project, slug, type)
                        values (:public_id, :project, 'dev', 'DEVELOPMENT')
                        returning environment_id
                        """)
                    .bind("public_id", "env_" + n)
                    .bind("project", "project " + n)
                    .first(r -> r.integer("environment_id"))));
    tenantIds.add(id);
    return new Tenant(this, id);
  }

  /**
   * Repeats a sweep, as if it were {@code now}, until it finds nothing more to do.
   *
   * @return the sum of what the steps returned
   */
  public int sweep(String name, Instant now) {
    Sweep sweep =
        components.sweeps().stream()
            .filter(s -> s.getClass().getSimpleName().equals(name))
            .findFirst()
            .orElseThrow();
    int all = 0;
    for (int step = step(sweep, now); step > 0; step = step(sweep, now)) {
      all += step;
    }
    return all;
  }

  /** Runs every sweep once, as if it were {@code now}. */
  public void sweepAll(Instant now) {
    components.sweeps().forEach(sweep -> step(sweep, now));
  }

  /** Runs a step where the sweep's own query says that it is due, as a server does. */
  private int step(Sweep sweep, Instant now) {
    return due(sweep, now).stream().mapToInt(id -> sweep.runOnce(id, now)).sum();
  }

  private List<Integer> due(Sweep sweep, Instant now) {
    Duration after = sweep.dueQuery().after();
    List<Due> found =
        database.transaction(tx ->
            tx.sql(sweep.dueQuery().text())
                .list(r -> new Due(r.integer("environment_id"), r.instant("at").plus(after))));
    Instant today = database.now(); // what is due at once is due when it is asked
    Instant latest = now.isAfter(today) ? now : today;
    Set<Integer> due =
        found.stream()
            .filter(each -> !each.at.isAfter(latest))
            .map(Due::environmentId)
            .collect(Collectors.toSet());
    return sweep.isOfDatabase()
        ? List.copyOf(due)
        : tenantIds.stream().filter(due::contains).toList();
  }

  private record Due(int environmentId, Instant at) {}

  /**
   * How many deadlocks PostgreSQL resolved since the engine started. Ends the engine, because a
   * connection reports its statistics when it closes.
   */
  public long deadlocks() throws SQLException {
    signals.close();
    database.close();
    try (Connection connection = home.connect();
        Statement statement = connection.createStatement()) {
      Await.until(
          "the connections are closed",
          Duration.ofSeconds(10),
          () -> number(statement, "select numbackends from pg_stat_database") == 1);
      return number(statement, "select deadlocks from pg_stat_database");
    }
  }

  private static long number(Statement statement, String select) throws SQLException {
    statement.execute("select pg_stat_clear_snapshot()");
    try (ResultSet result =
        statement.executeQuery(select + " where datname = current_database()")) {
      result.next();
      return result.getLong(1);
    }
  }

  @Override
  public void close() {
    signals.close();
    database.close();
    home.close();
  }
}
