package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.DATABASE_CONNECTIONS;
import static dev.fanfare.server.config.ServerSettings.DATABASE_URL;
import static dev.fanfare.server.config.ServerSettings.POLL_WAIT;
import static dev.fanfare.server.config.ServerSettings.SWEEP_INTERVAL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.server.config.DatabaseUrl;
import dev.fanfare.testkit.MarkdownTable;
import dev.fanfare.testkit.Project;
import dev.fanfare.testkit.TestDatabase;
import dev.fanfare.testkit.WireCounter;
import dev.fanfare.testkit.WireCounter.Transaction;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * The table of round trips in {@code docs/ARCHITECTURE.md} is true: each call is counted on the
 * wire between the server and its database.
 *
 * <p>Each call is made many times and its most frequent cost counts, because the server does other
 * things meanwhile: it renews the session, looks up the key again, sweeps. What a thread of its own
 * sends to other servers after a commit is counted by itself.
 */
class RoundTripsTest {
  private static final int TIMES = 25;
  private static final String BATCH = "/api/v1/tasks/batch";
  private static final String SUCCESS = ",\"durationMillis\":1,\"output\":\"1\"";
  private static final String TRIGGER = "/api/v1/tasks/echo/trigger";
  private static final String REQUEST_KEY = "x-trigger-request-idempotency-key";
  private static final String NOTIFIES = "pg_notify";
  private static final String FINDS_A_KEY = "where k.key_hash";

  private static WireCounter counter;
  private static TestServer server;
  private static String session;

  /** Every transaction since the start. */
  private static final List<Transaction> all = new ArrayList<>();

  /** What a call costs, as a row of the table has it. */
  private record Cost(int statements, int commits, int roundTrips) {
    static Cost of(List<Transaction> transactions) {
      return new Cost(
          transactions.stream().mapToInt(t -> t.statements().size()).sum(),
          transactions.size(),
          transactions.stream().mapToInt(Transaction::roundTrips).sum());
    }
  }

  @BeforeAll
  static void start() throws IOException {
    TestDatabase database = MigratedDatabase.create();
    URI direct = URI.create(database.jdbcUrl().substring("jdbc:".length()));
    counter = WireCounter.start(direct.getPort());
    String url = "jdbc:postgresql://127.0.0.1:" + counter.port() + direct.getPath();
    server =
        TestServer.start(
            database,
            config ->
                config
                    .with(DATABASE_URL, new DatabaseUrl(url, database.user(), database.password()))
                    .with(DATABASE_CONNECTIONS, 5) // one is for requests, so all calls share it
                    .with(SWEEP_INTERVAL, Duration.ofHours(1))
                    .with(POLL_WAIT, Duration.ofNanos(1)));
    String worker =
        "{\"name\":\"worker\",\"version\":\"1\",\"slots\":1000,\"tasks\":[{\"id\":\"echo\"}]}";
    session = server.post("/worker/v1/sessions", worker).json().get("sessionId").asString();
    takeTransactions();
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
    counter.close();
  }

  @Test
  void the_calls_cost_what_the_table_says() {
    Map<String, Cost> counted = new LinkedHashMap<>();
    counted.put("trigger a batch of 1,000", cost(() -> server.post(BATCH, batch(1_000))));
    counted.put("trigger a batch of 1", cost(() -> server.post(BATCH, batch(1))));
    counted.put("trigger a batch, with a request key", cost(() -> marked(BATCH, batch(2))));
    counted.put("trigger a run", cost(() -> server.post(TRIGGER, "{}")));
    counted.put("trigger a run, with a request key", cost(() -> marked(TRIGGER, "{}")));
    counted.put("claim as many runs as asked for, from one lane", cost(() -> poll(10)));
    drain();
    counted.put("claim when nothing is ready", cost(() -> poll(10)));
    counted.put("claim fewer runs than asked for", cost(() -> pollFor(10)));
    counted.put("report starts", cost(() -> report(claimed(), "started", "")));
    counted.put(
        "report successes of runs in batches", cost(() -> report(claimed(), "finished", SUCCESS)));
    counted.put(
        "report successes of attempts whose starts were reported",
        cost(() -> {
          List<JsonNode> started = claimed();
          report(started, "started", "");
          return report(started, "finished", SUCCESS);
        }));
    counted.put("look up a key", costOf(FINDS_A_KEY));
    counted.put("notify other servers", costOf(NOTIFIES));
    assertThat(table(Project.text("docs/ARCHITECTURE.md")))
        .as("the table of round trips in ARCHITECTURE.md, compared with what is counted")
        .isEqualTo(counted);
  }

  @Test
  void a_planted_table_is_read_as_it_stands() {
    String page =
        """
        | Call | Statements | Commits | Round trips |
        |---|---|---|---|
        | claim | 2 | 1 | 4 |
        """;
    assertThat(table(page)).isEqualTo(Map.of("claim", new Cost(2, 1, 4)));
  }

  private static Map<String, Cost> table(String page) {
    Map<String, Cost> costs = new LinkedHashMap<>();
    for (List<String> row : MarkdownTable.in(page, "Call", "Statements").getFirst().rows()) {
      List<Integer> numbers = row.stream().skip(1).map(Integer::valueOf).toList();
      costs.put(row.getFirst(), new Cost(numbers.get(0), numbers.get(1), numbers.get(2)));
    }
    return costs;
  }

  /** What a call usually costs; what comes before its last request may call this to forget it. */
  private static Cost cost(Supplier<Reply> call) {
    Map<Cost, Integer> frequency = new HashMap<>();
    for (int i = 0; i < TIMES; i++) {
      takeTransactions();
      assertThat(call.get().status()).isEqualTo(200);
      List<Transaction> transactions =
          takeTransactions().stream().filter(t -> !contains(t, NOTIFIES)).toList();
      frequency.merge(Cost.of(transactions), 1, Integer::sum);
    }
    return Collections.max(frequency.entrySet(), Map.Entry.comparingByValue()).getKey();
  }

  /** What the first transaction with such a statement cost. */
  private static Cost costOf(String part) {
    return all.stream()
        .filter(t -> contains(t, part))
        .findFirst()
        .map(t -> Cost.of(List.of(t)))
        .orElseThrow();
  }

  private static boolean contains(Transaction transaction, String part) {
    return transaction.statements().stream().anyMatch(sql -> sql.contains(part));
  }

  private static List<Transaction> takeTransactions() {
    List<Transaction> taken = counter.takeTransactions();
    all.addAll(taken);
    return taken;
  }

  private static String batch(int items) {
    List<String> all = Collections.nCopies(items, "{\"task\":\"echo\",\"payload\":1}");
    return "{\"items\":[" + String.join(",", all) + "]}";
  }

  private static Reply marked(String path, String body) {
    return server.post(path, body, REQUEST_KEY, UUID.randomUUID().toString());
  }

  private static Reply poll(int slots) {
    return server.post("/worker/v1/sessions/" + session + "/poll", "{\"slots\":" + slots + "}");
  }

  private static void drain() {
    int claimed;
    do {
      claimed = poll(500).json().get("assignments").size();
    } while (claimed > 0);
  }

  /** Asks for twice as many runs as a new batch has. */
  private static Reply pollFor(int runs) {
    assertThat(server.post(BATCH, batch(runs)).status()).isEqualTo(200);
    takeTransactions();
    Reply reply = poll(2 * runs);
    assertThat(reply.json().get("assignments").size()).isEqualTo(runs);
    return reply;
  }

  /** Ten claimed runs of a batch. */
  private static List<JsonNode> claimed() {
    return pollFor(10).json().get("assignments").valueStream().toList();
  }

  private static Reply report(List<JsonNode> runs, String list, String rest) {
    List<String> entries = new ArrayList<>();
    for (JsonNode claimed : runs) {
      entries.add(
          "{\"runId\":\"%s\",\"fence\":%s,\"attempt\":1%s}"
              .formatted(claimed.get("runId").asString(), claimed.get("fence"), rest));
    }
    takeTransactions();
    return server.post(
        "/worker/v1/sessions/" + session + "/reports",
        "{\"%s\":[%s]}".formatted(list, String.join(",", entries)));
  }
}
