package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.testkit.TestDatabase;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/**
 * How much write-ahead log a run costs, from its trigger to its outcome and the vacuum of the rows
 * that it leaves, on a durable PostgreSQL.
 *
 * <p>The first change of a page after a checkpoint writes the whole page. That depends on how often
 * there are checkpoints, so there is none while it is measured, and the pages of the indexes were
 * changed before.
 */
@Timeout(120)
class RunWalTest {
  private static final int BYTES_MAX = 1_228; // 1.2 KB

  private static final int BATCH = 1_000;
  private static final int POLL = 100;
  private static final int BATCHES = 10;
  private static final int WARM_UP = 2;

  private static final String ITEM =
      "{\"task\":\"nothing\",\"payload\":%s}".formatted(payload(100));

  private static TestServer server;
  private static Connection observer;
  private static String session;

  /** What PostgreSQL has written so far. */
  private record Written(long bytes, long fullPages, long checkpoints) {
    private static Written now() throws SQLException {
      try (Statement statement = observer.createStatement();
          ResultSet row =
              statement.executeQuery(
                  """
                  select (pg_current_wal_insert_lsn() - '0/0')::int8 as bytes,
                         (select wal_fpi from pg_stat_wal) as full_pages,
                         (select num_timed + num_requested from pg_stat_checkpointer) as checkpoints
                  """)) {
        row.next();
        return new Written(
            row.getLong("bytes"), row.getLong("full_pages"), row.getLong("checkpoints"));
      }
    }
  }

  @BeforeAll
  static void start() throws SQLException {
    TestDatabase database = TestDatabase.createDurable();
    server = TestServer.start(database, config -> config);
    observer = database.connect();
    String worker =
        "{\"name\":\"worker\",\"version\":\"1\",\"slots\":100,\"tasks\":[{\"id\":\"nothing\"}]}";
    session = server.post("/worker/v1/sessions", worker).json().get("sessionId").asString();
  }

  @AfterAll
  static void stop() throws IOException, SQLException {
    observer.close();
    server.close();
  }

  private static String payload(int length) {
    String json = "{\"text\":\"\"}";
    return json.replace("\"\"", "\"" + "x".repeat(length - json.length()) + "\"");
  }

  @Test
  void a_run_of_a_batch_costs_at_most_1_2_kb_of_write_ahead_log() throws SQLException {
    assertThat(setting("full_page_writes") + setting("fsync")).isEqualTo("onon");
    execute(WARM_UP);

    Written before = Written.now();
    execute(BATCHES);
    vacuum();
    Written after = Written.now();

    assertThat(after.checkpoints).as("checkpoints").isEqualTo(before.checkpoints);
    assertThat((double) (after.bytes - before.bytes) / (BATCHES * BATCH))
        .as("bytes for each run; %s full pages", after.fullPages - before.fullPages)
        .isLessThanOrEqualTo(BYTES_MAX);
  }

  private static void vacuum() throws SQLException {
    try (Statement statement = observer.createStatement()) {
      statement.execute("vacuum");
    }
  }

  private static String setting(String name) throws SQLException {
    try (Statement statement = observer.createStatement();
        ResultSet row = statement.executeQuery("show " + name)) {
      row.next();
      return row.getString(1);
    }
  }

  /** Triggers batches, and executes all their runs. */
  private static void execute(int batches) {
    String body = "{\"items\":[" + String.join(",", Collections.nCopies(BATCH, ITEM)) + "]}";
    for (int i = 0; i < batches; i++) {
      assertThat(server.post("/api/v1/tasks/batch", body).status()).isEqualTo(200);
    }
    for (int runs = 0; runs < batches * BATCH; runs += POLL) {
      String path = "/worker/v1/sessions/" + session;
      JsonNode claimed =
          server.post(path + "/poll", "{\"slots\":" + POLL + "}").json().get("assignments");
      assertThat(claimed.size()).isEqualTo(POLL);
      JsonNode reported = server.post(path + "/reports", successes(claimed)).json();
      assertThat(reported.get("lost").size()).isZero();
    }
  }

  private static String successes(JsonNode claimed) {
    List<String> finished = new ArrayList<>();
    for (JsonNode run : claimed) {
      finished.add(
          "{\"runId\":\"%s\",\"fence\":%s,\"attempt\":%s,\"durationMillis\":1}"
              .formatted(run.get("runId").asString(), run.get("fence"), run.get("attempt")));
    }
    return "{\"finished\":[" + String.join(",", finished) + "]}";
  }
}
