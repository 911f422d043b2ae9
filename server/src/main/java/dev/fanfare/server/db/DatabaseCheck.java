package dev.fanfare.server.db;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out at the start whether a server can work with a database: it waits for one that is
 * starting, and refuses what no waiting mends, each with a sentence.
 */
final class DatabaseCheck {
  private static final Logger log = LoggerFactory.getLogger(DatabaseCheck.class);

  private static final int VERSION_MIN = 15;
  private static final Duration PROGRESS = Duration.ofSeconds(5);
  private static final long RETRY_MILLIS = 500;
  private static final int CAUSES_MAX = 10;

  /** What PgBouncer says of parameters that it cannot keep apart, before their name. */
  private static final String UNKNOWN_PARAMETER = "unsupported startup parameter: ";

  private static final String FACTS =
      """
      select current_setting('server_version_num')::int / 10000 as major,
             current_setting('server_version') as version,
             current_setting('server_encoding') as encoding,
             current_database() as database,
             current_user as role,
             has_database_privilege(current_database(), 'create') as can_create,
             (select has_schema_privilege(n.oid, 'create') and has_schema_privilege(n.oid, 'usage')
                from pg_catalog.pg_namespace n
               where n.nspname = 'fanfare') as can_use
      """;

  /** Tells one running database from every other, whatever the time zone of the connection. */
  private static final String IDENTITY =
      """
      select current_database() || ' '
             || extract(epoch from pg_catalog.pg_postmaster_start_time())::text
      """;

  private final DatabaseAddress address;
  private final String setting;

  private DatabaseCheck(DatabaseAddress address, String setting) {
    this.address = address;
    this.setting = setting;
  }

  /**
   * Checks a database.
   *
   * @param patience how long to wait for one that is away
   * @return its version and its name, for the log
   * @throws UnusableDatabaseException when a server cannot work with it
   * @throws DatabaseException when it rejects the login, or does not exist
   */
  static String run(DatabaseAddress address, Duration patience) {
    return new DatabaseCheck(address, "FANFARE_DATABASE_URL").run(patience);
  }

  private String run(Duration patience) {
    try (Connector connector = Connector.quiet(address, SessionSettings.MIGRATION);
        Connection connection = await(connector, patience)) {
      String facts = facts(connection);
      DatabaseAddress direct = address.direct();
      if (direct != null) {
        new DatabaseCheck(direct, "FANFARE_DATABASE_DIRECT_URL")
            .checkDirect(identity(connection), patience);
      }
      return facts;
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  private void checkDirect(String identity, Duration patience) throws SQLException {
    try (Connector connector = Connector.quiet(address, SessionSettings.MIGRATION);
        Connection connection = await(connector, patience)) {
      if (connector.isShared()) {
        throw new UnusableDatabaseException(
            setting
                + " leads to a pooler that shares connections between transactions. Name PostgreSQL"
                + " itself, or leave the setting out");
      }
      if (!identity(connection).equals(identity)) {
        throw new UnusableDatabaseException(
            setting + " leads to another database than FANFARE_DATABASE_URL");
      }
      facts(connection);
    }
  }

  private static String identity(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet identity = statement.executeQuery(IDENTITY)) {
      identity.next();
      return identity.getString(1);
    }
  }

  private Connection await(Connector connector, Duration patience) throws SQLException {
    long begin = System.nanoTime();
    long told = begin;
    while (true) {
      try {
        connector.findPooler();
        return connector.open();
      } catch (SQLException e) {
        long now = System.nanoTime();
        if (!mayHeal(e) || now - begin > patience.toNanos()) {
          throw unusable(e);
        }
        if (told == begin || now - told > PROGRESS.toNanos()) {
          log.info(
              "Waiting for the database, for up to {} s: {}", patience.toSeconds(), Causes.of(e));
          told = now;
        }
        pause(e);
      }
    }
  }

  private static void pause(SQLException e) throws SQLException {
    try {
      TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw e;
    }
  }

  /** Whether another attempt may succeed, with nothing changed but the time. */
  private static boolean mayHeal(SQLException e) {
    String state = String.valueOf(e.getSQLState());
    boolean connecting =
        (state.startsWith("08") && !state.equals("08P01") && !state.equals("08004"))
            || state.startsWith("57P")
            || state.equals("53300");
    return connecting && !Causes.isUnknownHost(e) && !isEncryption(e);
  }

  private static boolean isEncryption(SQLException e) {
    Throwable cause = e;
    for (int depth = 0; cause != null && depth < CAUSES_MAX; depth++) {
      if (cause instanceof SSLException) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }

  /** A rejected login and a database that does not exist are told by their SQLSTATE. */
  private RuntimeException unusable(SQLException e) {
    String state = String.valueOf(e.getSQLState());
    if (state.equals(DatabaseException.READ_ONLY)) {
      return new UnusableDatabaseException(
          "The database in "
              + setting
              + " is a standby, which cannot be written to. Name the primary, or all hosts:"
              + " postgres://user:password@host1,host2/database");
    }
    if (Causes.of(e).startsWith(UNKNOWN_PARAMETER)) {
      return new UnusableDatabaseException(
          ("The pooler in %s rejects a parameter of the connection: %s. Leave it out of the URL, or"
                  + " let the pooler ignore it (PgBouncer: ignore_startup_parameters = %s)")
              .formatted(
                  setting, Causes.of(e), Causes.of(e).substring(UNKNOWN_PARAMETER.length())));
    }
    if (state.startsWith("08") || state.startsWith("57P") || state.equals("53300")) {
      return new UnusableDatabaseException(
          "The database in " + setting + " cannot be reached: " + Causes.of(e));
    }
    return new DatabaseException(e);
  }

  private static String facts(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet facts = statement.executeQuery(FACTS)) {
      facts.next();
      String version = facts.getString("version");
      if (facts.getInt("major") < VERSION_MIN) {
        throw new UnusableDatabaseException(
            "The database is PostgreSQL %s, but Fanfare needs version %s or later"
                .formatted(version, VERSION_MIN));
      }
      String encoding = facts.getString("encoding");
      String database = facts.getString("database");
      if (!"UTF8".equals(encoding)) {
        throw new UnusableDatabaseException(
            ("The database %s has the encoding %s, which cannot store every text. Create one with:"
                    + " create database %s encoding 'UTF8' template template0")
                .formatted(database, encoding, database));
      }
      boolean usable = facts.getBoolean("can_use");
      boolean missing = facts.wasNull();
      if (missing ? !facts.getBoolean("can_create") : !usable) {
        throw new UnusableDatabaseException(privilege(facts.getString("role"), database, missing));
      }
      return "PostgreSQL %s, database %s".formatted(version, database);
    }
  }

  private static String privilege(String role, String database, boolean missing) {
    String grant =
        missing
            ? "grant create on database \"%s\" to \"%s\"".formatted(database, role)
            : "alter schema fanfare owner to \"%s\"".formatted(role);
    return "The role %s may not %s the schema fanfare in the database %s. Let a superuser run: %s"
        .formatted(role, missing ? "create" : "change", database, grant);
  }
}
