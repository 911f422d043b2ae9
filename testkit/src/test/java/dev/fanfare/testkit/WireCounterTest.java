package dev.fanfare.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.testkit.WireCounter.Count;
import dev.fanfare.testkit.WireCounter.Transaction;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.util.List;
import org.junit.jupiter.api.Test;

class WireCounterTest {
  @Test
  void statements_and_round_trips_are_counted_by_transaction() throws Exception {
    try (TestDatabase database = TestDatabase.create()) {
      URI direct = URI.create(database.jdbcUrl().substring("jdbc:".length()));
      try (WireCounter counter = WireCounter.start(direct.getPort());
          Connection connection =
              DriverManager.getConnection(
                  "jdbc:postgresql://127.0.0.1:" + counter.port() + direct.getPath(),
                  database.user(),
                  database.password())) {
        connection.setAutoCommit(false);
        run(connection, "select 1");
        connection.commit();
        counter.takeTransactions();
        Count before = counter.count();

        run(connection, "select 2");
        run(connection, "select 3");
        connection.commit();
        run(connection, "select 4");
        connection.rollback();

        assertThat(counter.takeTransactions())
            .containsExactly(
                new Transaction(List.of("select 2", "select 3"), 3),
                new Transaction(List.of("select 4"), 2));
        assertThat(counter.count().since(before)).isEqualTo(new Count(5, 7));
        assertThat(counter.takeTransactions()).isEmpty();
      }
    }
  }

  private static void run(Connection connection, String sql) throws Exception {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.execute();
    }
  }
}
