package dev.fanfare.acceptance.chaos;

import dev.fanfare.sdk.Fanfare;
import dev.fanfare.server.Server;
import dev.fanfare.server.config.DatabaseUrl;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.config.ServerConfigBuilder;
import dev.fanfare.server.db.Database;
import dev.fanfare.testkit.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.function.UnaryOperator;
import javax.crypto.spec.SecretKeySpec;

/** A server in this JVM on a database of its own, which it keeps when it is stopped. */
final class LocalServer implements AutoCloseable {
  private static final String KEY = "tr_dev_" + "l".repeat(24);

  private final TestDatabase database =
      TestDatabase.create(
          "server", (url, user, key) -> Database.migrate(new Database.Address(url, user, key)));
  private final ServerConfig config;
  private Server server;
  private int port;

  private LocalServer(UnaryOperator<ServerConfigBuilder> change) {
    this.config =
        change
            .apply(
                ServerConfig.defaults().toBuilder()
                    .databaseUrl(
                        new DatabaseUrl(database.jdbcUrl(), database.user(), database.password()))
                    .home(Path.of("target", "unused"))
                    .encryptionKey(new SecretKeySpec(new byte[32], "AES"))
                    .devKey(KEY)
                    .databaseConnections(8)
                    .sweepInterval(Duration.ofMillis(50))
                    .shutdownGrace(Duration.ofSeconds(10)))
            .build();
  }

  static LocalServer start(UnaryOperator<ServerConfigBuilder> change) {
    LocalServer local = new LocalServer(change);
    local.start();
    return local;
  }

  /** Starts it, again at the same address. */
  void start() {
    server = Server.start(config.toBuilder().port(port).build());
    port = server.url().getPort();
  }

  /** Stops it; its database stays. */
  void stop() {
    server.close();
  }

  int port() {
    return port;
  }

  Fanfare client() {
    return client(port);
  }

  /** A client that reaches the server through another port. */
  static Fanfare client(int port) {
    return Fanfare.builder().url("http://127.0.0.1:" + port).secretKey(KEY).build();
  }

  static String key() {
    return KEY;
  }

  /** A single number from its database. */
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
