package dev.fanfare.server;

import static dev.fanfare.server.config.ServerSettings.DATABASE_DIRECT_URL;
import static dev.fanfare.server.config.ServerSettings.DATABASE_URL;
import static dev.fanfare.server.config.ServerSettings.HOME;

import dev.fanfare.postgres.EmbeddedPostgres;
import dev.fanfare.postgres.EmbeddedPostgresConfig;
import dev.fanfare.postgres.PostgresException;
import dev.fanfare.postgres.ServerLogin;
import dev.fanfare.server.component.StartException;
import dev.fanfare.server.config.DatabaseUrl;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.DatabaseAddress;
import dev.fanfare.server.db.JvmTimeZone;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The database of a server: the configured one, or an embedded one that runs with this process. */
final class DatabaseHome implements AutoCloseable {
  private static final String FOLDER = "postgres";
  private static final String BINARIES = "binaries";

  private final DatabaseAddress address;
  private final @Nullable EmbeddedPostgres embedded;

  private DatabaseHome(DatabaseAddress address, @Nullable EmbeddedPostgres embedded) {
    this.address = address;
    this.embedded = embedded;
  }

  static DatabaseHome open(ServerConfig config) {
    JvmTimeZone.expand(); // the embedded database is connected to while it starts
    DatabaseUrl url = config.get(DATABASE_URL);
    if (url != null) {
      DatabaseUrl direct = config.get(DATABASE_DIRECT_URL);
      DatabaseAddress address = address(url);
      return new DatabaseHome(direct == null ? address : address.withDirect(address(direct)), null);
    }
    Path home = config.get(HOME).toAbsolutePath();
    try {
      EmbeddedPostgres postgres =
          EmbeddedPostgres.start(
              EmbeddedPostgresConfig.in(home.resolve(FOLDER)).withBinaries(home.resolve(BINARIES)));
      return new DatabaseHome(
          new DatabaseAddress(postgres.jdbcUrl(), postgres.user(), postgres.password()), postgres);
    } catch (PostgresException e) {
      throw new StartException(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Opens a database that exists already, and creates nothing. An embedded one may be in use by a
   * running server.
   *
   * @throws StartException when there is none; the message names the home that was looked for
   */
  static DatabaseHome openExisting(ServerConfig config) {
    if (config.get(DATABASE_URL) != null) {
      return open(config);
    }
    Path home = config.get(HOME).toAbsolutePath().normalize();
    if (!EmbeddedPostgres.existsIn(home.resolve(FOLDER))) {
      throw new StartException(
          ("There is no database in %s. Change to the working directory of the server, or set"
                  + " FANFARE_HOME or FANFARE_DATABASE_URL as the server does. A server creates a"
                  + " database when it starts, and so does 'fanfare migrate --create'")
              .formatted(home));
    }
    ServerLogin running = EmbeddedPostgres.runningIn(home.resolve(FOLDER));
    return running == null
        ? open(config)
        : new DatabaseHome(
            new DatabaseAddress(running.jdbcUrl(), running.user(), running.password()), null);
  }

  private static DatabaseAddress address(DatabaseUrl url) {
    return new DatabaseAddress(url.jdbcUrl(), url.user(), url.password());
  }

  DatabaseAddress address() {
    return address;
  }

  /** Sets the action to run when the embedded database is lost; it receives the reason. */
  void onLost(Consumer<String> action) {
    if (embedded != null) {
      embedded.onLost(lost -> action.accept(String.valueOf(lost.getMessage())));
    }
  }

  /** Announces that {@link #close} follows when the server has drained. */
  void announceClose() {
    if (embedded != null) {
      embedded.announceClose();
    }
  }

  @Override
  public void close() {
    if (embedded != null) {
      embedded.close();
    }
  }
}
