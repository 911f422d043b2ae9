package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Long outputs are bound to several statements, because the driver copies what it sends. */
class LargeReportsTest {
  @AutoClose private static final TestServer server = TestServer.start();

  @Test
  void long_outputs_share_no_statement_and_short_ones_do() throws SQLException {
    String session =
        server
            .post(
                "/worker/v1/sessions",
                "{\"name\":\"w\",\"version\":\"1\",\"slots\":9,\"tasks\":[{\"id\":\"long\"}]}")
            .json()
            .get("sessionId")
            .asString();
    for (int i = 0; i < 5; i++) {
      server.post("/api/v1/tasks/long/trigger", "{}");
    }
    String path = "/worker/v1/sessions/" + session;
    JsonNode claimed = server.post(path + "/poll", "{\"slots\":5}").json().get("assignments");
    assertThat(claimed).hasSize(5);
    String output = "\"\\\"" + "o".repeat(3 * 1024 * 1024) + "\\\"\"";
    StringBuilder report = new StringBuilder("{\"finished\":[");
    for (int i = 0; i < 5; i++) {
      report
          .append(i == 0 ? "" : ",")
          .append("{\"fence\":1,\"attempt\":1,\"runId\":\"")
          .append(claimed.get(i).get("runId").asString())
          .append("\",\"output\":")
          .append(i < 3 ? output : "\"1\"")
          .append('}');
    }
    try (DatabaseFault counter = DatabaseFault.install(server, "outcomes", "XX000", 0)) {
      Reply reply = server.post(path + "/reports", report.append("]}").toString());
      assertThat(reply.status()).as(reply.text()).isEqualTo(200);
      assertThat(statements()).isEqualTo(3);
    }
  }

  private static long statements() throws SQLException {
    try (Connection connection = server.database.connect();
        Statement statement = connection.createStatement();
        ResultSet value = statement.executeQuery("select last_value from faults")) {
      value.next();
      return value.getLong(1);
    }
  }
}
