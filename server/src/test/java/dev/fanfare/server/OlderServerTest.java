package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.server.db.MigratedDatabase;
import dev.fanfare.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Statements of older servers that would do damage in this schema. They must fail, because such a
 * server may still run, or be started without a migration of its own.
 */
class OlderServerTest {
  private static final String UNDEFINED_COLUMN = "42703";

  /** Up to schema 22, an entry was always of one run; such a claim would lose the others. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "select y.run_id from ready y order by y.rank, y.run_id limit 1 for update skip locked",
        "delete from ready where run_id = any (array[gen_random_uuid()]) returning run_id",
        """
        insert into ready
               (environment_id, task_id, version_id, lane_id, rank, run_id, fence, attempt, losses)
        select 1, 1, 0, 1, 1, gen_random_uuid(), 0, 0, 0
        """
      })
  void a_server_that_takes_an_entry_for_one_run_fails(String statement) throws SQLException {
    try (TestDatabase home = MigratedDatabase.create();
        Connection connection = home.connect();
        Statement older = connection.createStatement()) {
      older.execute("set search_path to fanfare");
      assertThatThrownBy(() -> older.execute(statement))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo(UNDEFINED_COLUMN));
    }
  }
}
