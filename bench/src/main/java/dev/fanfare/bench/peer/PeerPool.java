package dev.fanfare.bench.peer;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.util.concurrent.TimeUnit;

/** The connections of a child process in Java. */
final class PeerPool {
  /** As many as Fanfare's server has. */
  static final int SIZE = 16;

  private PeerPool() {}

  static HikariDataSource open() {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(System.getenv(PeerServer.JDBC_URL));
    config.setUsername(System.getenv(PeerServer.USER));
    config.setPassword(System.getenv(PeerServer.PASSWORD));
    config.setMaximumPoolSize(SIZE);
    config.setMinimumIdle(1); // the processes of other peers need connections, too
    config.setIdleTimeout(TimeUnit.SECONDS.toMillis(10));
    config.addDataSourceProperty("reWriteBatchedInserts", "true");
    return new HikariDataSource(config);
  }
}
