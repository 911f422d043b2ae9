package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.SWEEP_INTERVAL;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.server.db.Database;
import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.TestDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeSet;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** A server finds everything that was in a database before all of its tables were partitioned. */
class MigrationDataTest {
  private static final Duration BOUND = Duration.ofSeconds(30);
  private static final int RUNS = 31;

  /** For the tests that leave its runs as they are. */
  private static TestServer shared;

  private TestServer server = shared;

  @BeforeAll
  static void startShared() {
    shared = start();
  }

  @AfterAll
  static void stopShared() throws IOException {
    shared.close();
  }

  private static TestServer start() {
    return TestServer.start(
        TestDatabase.create("version 14 with data", MigrationDataTest::createVersion14),
        config -> config.with(SWEEP_INTERVAL, Duration.ofMillis(50)));
  }

  private static void createVersion14(String url, String user, String password) throws Exception {
    Flyway.configure(Database.class.getClassLoader())
        .dataSource(url, user, password)
        .defaultSchema(Database.SCHEMA)
        .locations("classpath:dev/fanfare/server/db/migration")
        .target("14")
        .load()
        .migrate();
    try (InputStream sql =
            Objects.requireNonNull(MigrationDataTest.class.getResourceAsStream("version14.sql"));
        Connection connection = DriverManager.getConnection(url, user, password);
        Statement statement = connection.createStatement()) {
      statement.execute("set search_path to " + Database.SCHEMA);
      statement.execute(new String(sql.readAllBytes(), UTF_8));
    }
  }

  private List<String> texts(String query) throws SQLException {
    try (Connection connection = server.database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("set search_path to " + Database.SCHEMA);
      List<String> texts = new ArrayList<>();
      try (ResultSet result = statement.executeQuery(query)) {
        while (result.next()) {
          texts.add(result.getString(1));
        }
      }
      return texts;
    }
  }

  private void update(String sql) throws SQLException {
    try (Connection connection = server.database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("set search_path to " + Database.SCHEMA);
      statement.execute(sql);
    }
  }

  private JsonNode list(String filter) {
    Reply reply =
        server.get(
            "/api/v1/runs?page%5Bsize%5D=100&" + filter.replace("[", "%5B").replace("]", "%5D"),
            "x-trigger-api-version",
            "1");
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    return reply.json().get("data");
  }

  /** The names of the runs that a list contains. */
  private TreeSet<String> names(String filter) {
    TreeSet<String> names = new TreeSet<>();
    for (JsonNode run : list(filter)) {
      run.get("tags").forEach(tag -> names.add(tag.asString()));
    }
    names.remove("all");
    return names;
  }

  private String id(String name) {
    JsonNode found = list("filter[tag]=" + name);
    assertThat(found).as(name).hasSize(1);
    return found.get(0).get("id").asString();
  }

  private JsonNode run(String name) {
    Reply reply = server.get("/api/v3/runs/" + id(name), "x-trigger-api-version", "1");
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    return reply.json();
  }

  @Test
  void every_run_has_its_state_and_content() {
    String states =
        """
        queued QUEUED, keyed QUEUED, locked QUEUED, delayed DELAYED, debounced DELAYED,
        waiting QUEUED, pending PENDING_VERSION, executing EXECUTING, dequeued DEQUEUED,
        canceling CANCELED, limited-executing EXECUTING, limited QUEUED, completed COMPLETED,
        failed FAILED, crashed CRASHED, timed-out TIMED_OUT, expired EXPIRED, canceled CANCELED,
        system-failure SYSTEM_FAILURE, packet QUEUED, packet-again COMPLETED, packet-late QUEUED,
        packet-invalid QUEUED, packet-lone-surrogate QUEUED, packet-emoji QUEUED,
        packet-elsewhere QUEUED, child QUEUED, in-batch QUEUED, in-batch-completed COMPLETED,
        mortal QUEUED, test QUEUED\
        """;
    List<String> all = List.of(states.split(",\\s+"));
    assertThat(all).hasSize(RUNS);
    for (int n = 1; n <= RUNS; n++) {
      String name = all.get(n - 1).split(" ")[0];
      JsonNode run = run(name);
      assertThat(name + " " + run.get("status").asString()).isEqualTo(all.get(n - 1));
      assertThat(run.get("tags").toString()).contains("\"all\"", "\"" + name + "\"");
      assertThat(run.get("idempotencyKey").asString()).isEqualTo("key " + name);
      if (!name.startsWith("packet")) {
        assertThat(run.get("payload").asInt()).as(name).isEqualTo(n);
      }
      assertThat(run.path("metadata").toString())
          .as(name)
          .isEqualTo(n % 2 == 0 ? "{\"n\":" + n + "}" : "");
    }
    assertThat(list("filter[tag]=all")).hasSize(RUNS);
    assertThat(run("completed").get("output").toString()).isEqualTo("{\"ok\":true}");
    assertThat(run("in-batch-completed").get("output").asString()).isEqualTo("plain");
    assertThat(run("failed").at("/error/message").asString()).isEqualTo("m");
    assertThat(run("locked").get("version").asString()).isEqualTo("v1");
    assertThat(run("executing").get("version").asString()).isEqualTo("v1");
    assertThat(run("completed").get("version").asString()).isEqualTo("v1");
    assertThat(run("queued").has("version")).isFalse();
    assertThat(run("child").at("/relatedRuns/parent/id").asString()).isEqualTo(id("executing"));
    assertThat(run("executing").at("/relatedRuns/children/0/id").asString()).isEqualTo(id("child"));
  }

  @ParameterizedTest
  @CsvSource({
    "filter[status]=DELAYED, delayed debounced",
    "filter[status]=PENDING_VERSION, pending",
    "filter[status]=EXECUTING, executing limited-executing",
    "filter[status]=DEQUEUED, dequeued",
    "filter[status]=CANCELED, canceled canceling",
    "filter[status]=TIMED_OUT, timed-out",
    "filter[taskIdentifier]=unknown, pending",
    "filter[queue]=limited, limited limited-executing",
    "filter[isTest]=true, test",
    "filter[machine]=small-2x, test",
    "filter[region]=eu, test",
    "'filter[version]=v1', canceling completed crashed dequeued executing failed in-batch-completed"
        + " limited-executing locked packet-again system-failure timed-out",
  })
  void lists_find_the_runs_of_a_filter(String filter, String names) {
    assertThat(names(filter)).containsExactlyInAnyOrder(names.split(" "));
  }

  @Test
  void batches_are_what_they_were() throws SQLException {
    String batch =
        batchId(
            "/api/v1/tasks/batch",
            "{\"items\":[{\"task\":\"known\"}]}",
            "idempotency-key",
            "batch key");
    assertThat(names("filter[batch]=" + batch)).containsExactly("in-batch", "in-batch-completed");
    JsonNode read = server.get("/api/v1/batches/" + batch).json();
    assertThat(read.get("status").asString()).isEqualTo("PENDING");
    assertThat(read.get("runCount").asInt()).isEqualTo(2);
    JsonNode results = server.get("/api/v1/batches/" + batch + "/results").json().get("items");
    assertThat(results).hasSize(1);
    assertThat(results.get(0).get("id").asString()).isEqualTo(id("in-batch-completed"));

    String streamed =
        batchId("/api/v3/batches", "{\"runCount\":2,\"idempotencyKey\":\"streamed key\"}");
    Reply sealed =
        server.post(
            "/api/v3/batches/" + streamed + "/items",
            "{\"index\":1,\"task\":\"known\",\"payload\":\"last\"}\n",
            "Content-Type",
            "application/x-ndjson");
    assertThat(sealed.json().path("sealed").asBoolean()).as(sealed.text()).isTrue();
    assertThat(texts("select payload from runs where batch_index is not null order by run_id"))
        .contains("\"streamed\"", "\"last\"");
    assertThat(texts("select count(*) from batches")).containsExactly("2");
  }

  /** The id of the batch that a key names. */
  private String batchId(String path, String body, String... headers) {
    Reply reply = server.post(path, body, headers);
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    return reply.json().get("id").asString();
  }

  @Test
  void keys_still_name_their_runs() {
    for (String name : List.of("queued", "pending", "executing", "completed", "canceled")) {
      String task = name.equals("pending") ? "unknown" : "known";
      JsonNode again =
          server
              .post("/api/v1/tasks/" + task + "/trigger", "{}", "idempotency-key", "key " + name)
              .json();
      assertThat(again.get("isCached").asBoolean()).as(name).isTrue();
      assertThat(again.get("id").asString()).isEqualTo(id(name));
    }
    JsonNode debounced =
        server
            .post(
                "/api/v1/tasks/known/trigger",
                "{\"options\":{\"debounce\":{\"key\":\"debounce key\",\"delay\":\"1h\"}}}")
            .json();
    assertThat(debounced.get("id").asString()).isEqualTo(id("debounced"));
  }

  @Test
  void packets_are_referred_to_by_the_runs_that_name_them() throws SQLException {
    assertThat(
            texts(
                """
                select p.path || ': ' || t.tag
                  from packet_refs p
                  join run_tags t using (environment_id, run_id)
                 where t.tag <> 'all'
                """))
        .containsExactlyInAnyOrder(
            "p/ü: packet",
            "p/ü: packet-again",
            "p/output: packet-again",
            "p/late: packet-late",
            "p/\ud83d\ude00: packet-emoji");
    assertThat(texts("select path from packets where not used")).containsExactly("p/of nobody");
    String url = run("packet").get("payloadPresignedUrl").asString();
    assertThat(server.get(url.substring(server.server.url().toString().length())).text())
        .isEqualTo("bytes of p/ü");
  }

  @Test
  void everything_is_executed_to_the_end() throws Exception {
    try (TestServer own = start()) {
      server = own;
      executeEverything();
    }
  }

  private void executeEverything() throws SQLException {
    update("update delays set due_at = now()");
    update("update sessions set expires_at = now() - interval '1 second'");
    String session =
        server
            .post(
                "/worker/v1/sessions",
                """
                {"name": "w", "version": "v1", "slots": 100, "tasks": [
                  {"id": "known", "queue": {"name": "limited", "concurrencyLimit": 1}},
                  {"id": "unknown"}]}
                """)
            .json()
            .get("sessionId")
            .asString();
    Await.until(
        "all runs are final",
        BOUND,
        () -> {
          execute(session);
          return texts("select count(*) from outcomes").equals(List.of("" + RUNS));
        });
    for (String table : List.of("ready", "delays", "parked", "leases")) {
      assertThat(texts("select count(*) from " + table)).as(table).containsExactly("0");
    }
    assertThat(texts("select in_use from slots where in_use > 0")).isEmpty();
    assertThat(texts("select status from batches where sealed_at is not null"))
        .containsExactly("COMPLETED");
    assertThat(run("waiting").get("attemptCount").asInt()).isEqualTo(2);
    assertThat(run("canceling").get("status").asString()).isEqualTo("CANCELED");
  }

  private void execute(String session) {
    String path = "/worker/v1/sessions/" + session;
    JsonNode claimed = server.post(path + "/poll", "{\"slots\":100}").json().get("assignments");
    List<String> finished = new ArrayList<>();
    for (JsonNode run : claimed) {
      finished.add(
          "{\"runId\":\"%s\",\"fence\":%s,\"attempt\":%s,\"durationMillis\":1,\"output\":\"1\"}"
              .formatted(run.get("runId").asString(), run.get("fence"), run.get("attempt")));
    }
    Reply reply = server.post(path + "/reports", "{\"finished\":" + finished + "}");
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
  }
}
