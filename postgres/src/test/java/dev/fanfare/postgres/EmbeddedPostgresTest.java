package dev.fanfare.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedPostgresTest {
  @TempDir Path folder;

  @Test
  void dataIsThereAfterARestart() throws SQLException {
    EmbeddedPostgresConfig config = EmbeddedPostgresConfig.in(folder.resolve("a home with spaces"));
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(config)) {
      execute(postgres, "create table note (text text)", "insert into note values ('kept')");
    }
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start(config)) {
      assertThat(single(postgres, "select text from note")).isEqualTo("kept");
    }
  }

  static void execute(EmbeddedPostgres postgres, String... statements) throws SQLException {
    try (Connection connection = connect(postgres);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  static String single(EmbeddedPostgres postgres, String sql) throws SQLException {
    try (Connection connection = connect(postgres);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }

  static Connection connect(EmbeddedPostgres postgres) throws SQLException {
    return DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
  }
}
