package dev.fanfare.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TestDatabaseTest {
  private static final AtomicInteger migrations = new AtomicInteger();

  private static final Migrator NOTES =
      (url, user, password) -> {
        migrations.incrementAndGet();
        try (Connection connection = DriverManager.getConnection(url, user, password);
            Statement statement = connection.createStatement()) {
          statement.execute("create table note (text text)");
        }
      };

  @Test
  void eachDatabaseIsItsOwnCloneOfATemplateMigratedOnce() throws SQLException {
    try (TestDatabase one = TestDatabase.create(NOTES);
        TestDatabase two = TestDatabase.create(NOTES)) {
      try (Connection connection = one.connect();
          Statement statement = connection.createStatement()) {
        statement.execute("insert into note values ('in one')");
      }
      assertThat(count(one)).isEqualTo(1);
      assertThat(count(two)).isZero();
      assertThat(migrations).hasValue(1);
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
