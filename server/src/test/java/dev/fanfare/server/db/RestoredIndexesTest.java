package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * After a restore or a {@code reindex}, the indexes of a table are newer than its primary key. A
 * server that starts makes the keys the newest, so that its plans find a run or a lane by its key
 * in empty tables, too.
 */
class RestoredIndexesTest {
  private static final String ID = "'00000000-0000-0000-0000-000000000000'";
  private static final List<String> KEYS =
      List.of(
          "runs_first",
          "outcomes_first",
          "batches_first",
          "lanes",
          "delays_1",
          "task_queues",
          "version_tasks");

  private TestDatabase home;

  @BeforeEach
  void create() {
    home = MigratedDatabase.create();
  }

  private void restore() throws SQLException {
    try (Connection connection = home.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("set search_path to fanfare");
      for (String key : KEYS) {
        String table = key.replaceFirst("_(first|1)$", "");
        for (Index index : indexes(statement, table)) {
          statement.execute("drop index " + index.name);
          statement.execute(index.definition.replace(" ON ONLY ", " ON "));
        }
      }
    }
  }

  /** As an administrator does who found the indexes bloated. */
  private void reindex() throws SQLException {
    try (Connection connection = home.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("set search_path to fanfare");
      for (String table : KEYS) {
        for (Index index : indexes(statement, table)) {
          statement.execute("reindex index concurrently " + index.name);
        }
      }
    }
  }

  @AfterEach
  void drop() {
    home.close();
  }

  private record Index(String name, String definition) {}

  /** The indexes of a table that are no constraints, in the order in which pg_restore has them. */
  private static List<Index> indexes(Statement statement, String table) throws SQLException {
    List<Index> indexes = new ArrayList<>();
    try (ResultSet rows =
        statement.executeQuery(
            """
            select c.relname, pg_get_indexdef(c.oid)
              from pg_index i
              join pg_class c on c.oid = i.indexrelid
             where i.indrelid = '%s'::regclass
               and not exists (select from pg_constraint k where k.conindid = c.oid)
             order by c.relname
            """
                .formatted(table))) {
      while (rows.next()) {
        indexes.add(new Index(rows.getString(1), rows.getString(2)));
      }
    }
    return indexes;
  }

  private List<String> keysOfPlans() {
    try (Database database = MigratedDatabase.open(home, 1)) {
      return database.transaction(tx -> {
        List<String> found = new ArrayList<>();
        for (String table : KEYS) {
          String condition =
              switch (table) {
                case "lanes" -> "lane_id = 1";
                case "task_queues" -> "task_id = 1 and queue_id = 1 and version_id = 1";
                case "version_tasks" -> "version_id = 1 and task_id = 1";
                case "batches_first" -> "batch_id = " + ID;
                default -> "run_id = " + ID;
              };
          String sql =
              "explain select from " + table + " where environment_id = 1 and " + condition;
          if (tx.sql(sql).list(r -> r.text("QUERY PLAN")).stream()
              .anyMatch(line -> line.contains("using " + table + "_pkey on"))) {
            found.add(table);
          }
        }
        return found;
      });
    }
  }

  private void assertMended() {
    assertThat(keysOfPlans()).isNotEqualTo(KEYS);
    Database.migrate(new DatabaseAddress(home.jdbcUrl(), home.user(), home.password()));
    assertThat(keysOfPlans()).isEqualTo(KEYS);
  }

  @Test
  void the_keys_are_the_newest_again_when_a_server_starts_after_a_restore() throws SQLException {
    restore();
    assertMended();
  }

  @Test
  void the_keys_are_the_newest_again_when_a_server_starts_after_a_reindex() throws SQLException {
    reindex();
    assertMended();
  }
}
