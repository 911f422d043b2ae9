package dev.fanfare.server;

import static dev.fanfare.server.config.ServerSettings.DEV_KEY;
import static dev.fanfare.server.config.ServerSettings.PARTITION_SPAN;

import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.access.KeyCipher;
import dev.fanfare.server.access.Keys;
import dev.fanfare.server.access.SetRetention;
import dev.fanfare.server.component.StartException;
import dev.fanfare.server.config.Retention;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.IdRanges;
import dev.fanfare.server.db.UnusableDatabaseException;
import dev.fanfare.server.storage.ReadStorage;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;

/**
 * Administration of an installation from the command line, at any time: an embedded database may be
 * in use by a running server. Opening migrates the schema to this version. Thread-safe.
 */
public final class Administration implements AutoCloseable {
  private static final int CONNECTIONS = 2;
  private static final Duration CONNECTION_WAIT = Duration.ofSeconds(10);
  private static final Duration DATABASE_PATIENCE = Duration.ofSeconds(10);

  private final DatabaseHome home;
  private final Database database;
  private final Keys keys;
  private final ReadStorage storage;
  private final String schemaVersion;

  private Administration(
      DatabaseHome home, Database database, Keys keys, ReadStorage storage, String schemaVersion) {
    this.home = home;
    this.database = database;
    this.keys = keys;
    this.storage = storage;
    this.schemaVersion = schemaVersion;
  }

  /**
   * Opens the installation that {@code config} describes, which must exist: creates neither a
   * database nor a schema nor an encryption key.
   *
   * @throws StartException when there is none, or it cannot be opened; the message states the
   *     reason
   */
  public static Administration open(ServerConfig config) {
    DatabaseHome home = DatabaseHome.openExisting(config);
    try {
      if (Database.schemaVersion(home.address()) == null) {
        throw new StartException(
            "The database has no schema of Fanfare yet. Check FANFARE_DATABASE_URL; if it is right,"
                + " run 'fanfare migrate' first");
      }
      EncryptionKey.existing(config);
    } catch (RuntimeException e) {
      home.close();
      throw startFailure(e);
    }
    return open(config, home);
  }

  /**
   * Opens an installation and creates what it lacks: the schema, the encryption key and the keys of
   * the environments.
   *
   * @param embedded whether to create an embedded database, too, when there is none
   * @throws StartException when it cannot be opened; the message states the reason
   */
  public static Administration create(ServerConfig config, boolean embedded) {
    return open(config, embedded ? DatabaseHome.open(config) : DatabaseHome.openExisting(config));
  }

  private static Administration open(ServerConfig config, DatabaseHome home) {
    Database database = null;
    try {
      Database.check(home.address(), DATABASE_PATIENCE);
      String version = Database.migrate(home.address());
      database =
          Database.open(
              home.address(),
              CONNECTIONS,
              CONNECTION_WAIT,
              new IdRanges(config.get(PARTITION_SPAN), InstantSource.system()));
      Keys keys =
          new Keys(
              database,
              new KeyCipher(EncryptionKey.of(config)),
              new TimeOrderedIds(InstantSource.system()));
      keys.setUp(config.get(DEV_KEY));
      return new Administration(home, database, keys, new ReadStorage(database, config), version);
    } catch (RuntimeException e) {
      if (database != null) {
        database.close();
      }
      home.close();
      throw startFailure(e);
    }
  }

  private static RuntimeException startFailure(RuntimeException e) {
    return switch (e) {
      case KeyCipher.WrongKeyException wrong ->
          new StartException(String.valueOf(wrong.getMessage()), wrong);
      case UnusableDatabaseException unusable ->
          new StartException(String.valueOf(unusable.getMessage()), unusable);
      case FlywayException flyway -> unusable(flyway);
      case DatabaseException database -> unusable(database);
      case IllegalStateException state -> unusable(state);
      default -> e;
    };
  }

  private static StartException unusable(RuntimeException e) {
    return new StartException("The database cannot be used: " + e.getMessage(), e);
  }

  /** Every key, newest first. */
  public List<Keys.KeyInfo> keys() {
    return keys.list();
  }

  /**
   * Adds a key to an environment. Its other keys stay valid.
   *
   * @param environment {@code dev}, {@code staging} or {@code prod}
   * @throws IllegalArgumentException when the environment does not exist
   */
  public Keys.NewKey createKey(String environment) {
    return keys.create(environment);
  }

  /**
   * Revokes a key, which running servers then refuse within seconds. Returns false when no valid
   * key has this id.
   */
  public boolean revokeKey(int keyId) {
    return keys.revoke(keyId);
  }

  /** How much space the runs take, oldest first. */
  public ReadStorage.Storage storage() {
    return storage.read();
  }

  /**
   * Changes how long the runs of an environment are kept, which running servers follow within
   * minutes.
   *
   * @param environment {@code dev}, {@code staging} or {@code prod}
   * @param own absent: as long as the servers keep runs
   * @throws IllegalArgumentException when the environment does not exist
   */
  public void setRetention(String environment, @Nullable Retention own) {
    new SetRetention(database).set(environment, own);
  }

  /** The version of the schema. */
  public String schemaVersion() {
    return schemaVersion;
  }

  @Override
  public void close() {
    database.close();
    home.close();
  }
}
