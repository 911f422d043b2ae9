package dev.fanfare.acceptance.chaos;

import static dev.fanfare.server.config.ServerSettings.DATABASE_CONNECTIONS;
import static dev.fanfare.server.config.ServerSettings.DATABASE_URL;
import static dev.fanfare.server.config.ServerSettings.DEV_KEY;
import static dev.fanfare.server.config.ServerSettings.ENCRYPTION_KEY;
import static dev.fanfare.server.config.ServerSettings.HOME;
import static dev.fanfare.server.config.ServerSettings.PORT;
import static dev.fanfare.server.config.ServerSettings.SHUTDOWN_GRACE;
import static dev.fanfare.server.config.ServerSettings.SWEEP_INTERVAL;

import dev.fanfare.acceptance.MigratedDatabase;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.server.Server;
import dev.fanfare.server.config.DatabaseUrl;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.testkit.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.function.UnaryOperator;
import javax.crypto.spec.SecretKeySpec;

/** A server in this JVM with its own database, which survives stopping the server. */
final class LocalServer implements AutoCloseable {
  private static final String KEY = "tr_dev_" + "l".repeat(24);

  private final TestDatabase database = MigratedDatabase.create();
  private final ServerConfig config;
  private Server server;
  private int port;

  private LocalServer(UnaryOperator<ServerConfig> change) {
    this.config =
        change.apply(
            ServerConfig.defaults()
                .with(
                    DATABASE_URL,
                    new DatabaseUrl(database.jdbcUrl(), database.user(), database.password()))
                .with(HOME, Path.of("target", "unused"))
                .with(ENCRYPTION_KEY, new SecretKeySpec(new byte[32], "AES"))
                .with(DEV_KEY, KEY)
                .with(DATABASE_CONNECTIONS, 8)
                .with(SWEEP_INTERVAL, Duration.ofMillis(50))
                .with(SHUTDOWN_GRACE, Duration.ofSeconds(10)));
  }

  static LocalServer start(UnaryOperator<ServerConfig> change) {
    LocalServer local = new LocalServer(change);
    local.start();
    return local;
  }

  /** Starts the server, always at the same address. */
  void start() {
    server = Server.start(config.with(PORT, port));
    port = server.url().getPort();
  }

  /** Stops the server, but keeps its database. */
  void stop() {
    server.close();
  }

  int port() {
    return port;
  }

  Fanfare client() {
    return client(port);
  }

  /** A client that connects through another port, such as that of a proxy. */
  static Fanfare client(int port) {
    return Fanfare.builder().url("http://127.0.0.1:" + port).secretKey(KEY).build();
  }

  static String key() {
    return KEY;
  }

  Connection connect() throws SQLException {
    return database.connect();
  }

  /** Runs a query on the database that returns a single number. */
  long number(String sql) throws SQLException {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getLong(1);
    }
  }

  @Override
  public void close() {
    stop();
    database.close();
  }
}
