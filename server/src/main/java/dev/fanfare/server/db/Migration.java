package dev.fanfare.server.db;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Objects;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationInfoService;
import org.flywaydb.core.api.MigrationState;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.core.api.output.MigrateResult;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings the schema of a database to the version of this server. */
final class Migration {
  private static final Logger log = LoggerFactory.getLogger(Migration.class);

  /** How often, once a second, a server looks whether another has finished the migration. */
  private static final int LOCK_RETRIES = 600;

  private Migration() {}

  static String run(DatabaseAddress address) {
    try (Connector connector = connector(address)) {
      connector.allowSilence();
      Flyway flyway = flyway(connector);
      MigrationInfoService all = flyway.info();
      MigrationInfo newest = all.current();
      if (newest != null && newest.getState() == MigrationState.FUTURE_SUCCESS) {
        throw new UnusableDatabaseException(
            "The schema of the database has version %s, which is newer than this server. Start the"
                    .formatted(newest.getVersion())
                + " version of Fanfare that migrated it, or a later one");
      }
      int pending = all.pending().length;
      if (newest != null && pending > 0) {
        log.info(
            "Upgrading the schema from version {} in {} steps, which may take minutes",
            newest.getVersion(),
            pending);
      }
      String version =
          newest != null && isDone(all) ? newest.getVersion().toString() : migrate(flyway);
      try (Connection connection = connector.open()) {
        IndexOrder.restore(connection);
      } catch (SQLException e) {
        throw new DatabaseException(e);
      }
      return version;
    }
  }

  /**
   * Whether every migration of this server was made, as it is now: then Flyway has nothing to do.
   */
  private static boolean isDone(MigrationInfoService all) {
    return Arrays.stream(all.all())
        .allMatch(migration ->
            migration.getState() == MigrationState.SUCCESS && migration.isChecksumMatching());
  }

  private static String migrate(Flyway flyway) {
    MigrateResult result = flyway.migrate();
    if (!result.success) {
      throw new FlywayException("The migration of the database did not finish");
    }
    return Objects.requireNonNullElse(result.targetSchemaVersion, result.initialSchemaVersion);
  }

  static @Nullable String version(DatabaseAddress address) {
    try (Connector connector = connector(address)) {
      MigrationInfo current = flyway(connector).info().current();
      return current == null ? null : String.valueOf(current.getVersion());
    }
  }

  private static Connector connector(DatabaseAddress address) {
    Connector connector =
        Connector.quiet(
            Objects.requireNonNullElse(address.direct(), address), SessionSettings.MIGRATION);
    try {
      connector.findPooler();
      return connector;
    } catch (SQLException e) {
      throw new DatabaseException(e);
    }
  }

  private static Flyway flyway(Connector connector) {
    FluentConfiguration configuration =
        Flyway.configure(Database.class.getClassLoader())
            .dataSource(connector)
            .defaultSchema(Database.SCHEMA)
            .lockRetryCount(LOCK_RETRIES)
            .locations("classpath:dev/fanfare/server/db/migration");
    if (connector.isShared()) {
      PooledMigration.configure(configuration, connector);
    }
    return configuration.load();
  }
}
