package dev.fanfare.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TestDatabaseTest {
  private static final Migrator NOTES =
      (url, user, password) -> {
        try (Connection connection = DriverManager.getConnection(url, user, password);
            Statement statement = connection.createStatement()) {
          statement.execute("create table note (text text)");
        }
      };

  @Test
  void only_the_first_migrator_of_a_template_runs() throws SQLException {
    try (TestDatabase first = TestDatabase.create("notes", NOTES);
        TestDatabase second =
            TestDatabase.create(
                "notes",
                (url, user, password) -> {
                  throw new IllegalStateException("migrated twice");
                })) {
      assertThat(count(first)).isEqualTo(count(second));
    }
  }

  @Test
  void each_database_is_its_own_clone() throws SQLException {
    try (TestDatabase one = TestDatabase.create(NOTES);
        TestDatabase two = TestDatabase.create(NOTES)) {
      try (Connection connection = one.connect();
          Statement statement = connection.createStatement()) {
        statement.execute("insert into note values ('in one')");
      }
      assertThat(count(one)).isEqualTo(1);
      assertThat(count(two)).isZero();
    }
    try (TestDatabase three = TestDatabase.create(NOTES)) {
      assertThat(count(three)).isZero();
    }
  }

  @Test
  void a_failed_migration_is_reported_and_can_be_repeated() throws SQLException {
    assertThatThrownBy(() ->
            TestDatabase.create(
                "broken at first",
                (url, user, password) -> {
                  throw new IOException("no such script");
                }))
        .hasRootCauseMessage("no such script");
    try (TestDatabase database = TestDatabase.create("broken at first", NOTES)) {
      assertThat(count(database)).isZero();
    }
  }

  @Test
  void connections_that_a_migrator_leaves_open_do_not_prevent_cloning() throws SQLException {
    List<Connection> left = new ArrayList<>();
    Migrator careless =
        (url, user, password) -> left.add(DriverManager.getConnection(url, user, password));
    try (TestDatabase database = TestDatabase.create(careless);
        Connection connection = database.connect()) {
      assertThat(connection.isValid(5)).isTrue();
    }
    assertThat(left.getFirst().isValid(5)).isFalse();
  }

  @Test
  void closing_drops_the_database_despite_open_connections_and_closing_twice_is_allowed()
      throws SQLException {
    TestDatabase database = TestDatabase.create();
    try (Connection left = database.connect()) {
      database.close();
      database.close();
      assertThat(left.isValid(5)).isFalse();
      assertThatThrownBy(database::connect).hasMessageContaining("does not exist");
    }
  }

  @Test
  void many_threads_clone_at_once() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      List<Future<Integer>> counts = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        counts.add(
            threads.submit(() -> {
              try (TestDatabase database = TestDatabase.create(NOTES)) {
                return count(database);
              }
            }));
      }
      for (Future<Integer> count : counts) {
        assertThat(count.get(60, TimeUnit.SECONDS)).isZero();
      }
    }
  }

  private static int count(TestDatabase database) throws SQLException {
    try (Connection connection = database.dataSource().getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("select count(*) from note")) {
      rows.next();
      return rows.getInt(1);
    }
  }
}
