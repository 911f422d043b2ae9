package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.testkit.DatabaseProxy;
import dev.fanfare.testkit.TestDatabase;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How a pool reaches a database that is away. */
class ConnectorTest {
  private static final Duration BOUND = Duration.ofSeconds(60);

  /** Longer than any single attempt to connect may take. */
  private static final Duration AWAY = Duration.ofSeconds(12);

  private TestDatabase home;
  private DatabaseProxy proxy;
  private Connector connector;

  @BeforeEach
  void open() throws Exception {
    home = MigratedDatabase.create();
    URI direct = URI.create(home.jdbcUrl().substring("jdbc:".length()));
    proxy = DatabaseProxy.start(direct.getPort());
    connector =
        new Connector(
            new DatabaseAddress(
                "jdbc:postgresql://127.0.0.1:" + proxy.port() + direct.getPath(),
                home.user(),
                home.password()),
            SessionSettings.WORK);
  }

  @AfterEach
  void close() throws Exception {
    connector.close();
    proxy.close();
    home.close();
  }

  private FutureTask<Connection> connecting() {
    FutureTask<Connection> connecting = new FutureTask<>(connector::getConnection);
    Thread.ofVirtual().start(connecting);
    return connecting;
  }

  @Test
  void however_long_the_database_was_away_the_pool_gets_a_connection_once_it_is_back()
      throws Exception {
    proxy.refuse();
    FutureTask<Connection> connecting = connecting();
    assertThatThrownBy(() -> connecting.get(AWAY.toSeconds(), TimeUnit.SECONDS))
        .isInstanceOf(TimeoutException.class);
    assertThat((Throwable) connector.failure()).isNotNull();
    proxy.accept();
    connecting.get(BOUND.toSeconds(), TimeUnit.SECONDS).close();
    assertThat((Throwable) connector.failure()).isNull();
  }

  @Test
  void only_a_connection_for_migrations_waits_for_a_statement_without_end() throws Exception {
    try (Connection connection = connector.open()) {
      assertThat(connection.getNetworkTimeout()).isPositive();
    }
    connector.allowSilence();
    try (Connection connection = connector.open()) {
      assertThat(connection.getNetworkTimeout()).isZero();
    }
  }

  @Test
  void closing_ends_the_attempts() throws Exception {
    proxy.refuse();
    FutureTask<Connection> connecting = connecting();
    connector.close();
    assertThatThrownBy(() -> connecting.get(BOUND.toSeconds(), TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(SQLException.class);
  }
}
