package dev.fanfare.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * One streamed batch: how long it takes from its announcement until it is sealed, when its first
 * run starts, and how long reading it takes. The baselines of the result are limits.
 */
final class StreamWorkload implements LongWorkload {
  private static final double START_SECONDS_MAX = 15;
  private static final double FIRST_RUN_MILLIS_MAX = 100;
  private static final double READ_MILLIS_MAX = 1_000;

  /** The baseline of a workload of another size is a share of the limit. */
  private static final double ITEMS = 1_000_000;

  private static final Duration STREAM_MAX = Duration.ofMinutes(10);

  @Override
  public String name() {
    return "stream";
  }

  @Override
  public List<Row> measure(Testbed testbed, BenchOptions options, Progress progress)
      throws Exception {
    int items = options.streamed();
    progress.say("stream: warming up");
    measure(testbed, Math.min(items, 20_000));
    List<Repeat<Double>> sealed = new ArrayList<>();
    List<Repeat<Double>> started = new ArrayList<>();
    List<Repeat<Double>> read = new ArrayList<>();
    List<Repeat<Double>> bySdk = new ArrayList<>();
    for (int repeat = 1; repeat <= options.repeats(); repeat++) {
      Result result = measure(testbed, items);
      progress.say(
          String.format(
              Locale.ROOT,
              "stream, repeat %s: sealed after %.2f s (%,.0f runs/s), first run after %.0f ms,"
                  + " read in %.0f ms",
              repeat,
              result.sealedSeconds,
              items / result.sealedSeconds,
              result.startedMillis,
              result.readMillis));
      sealed.add(Repeat.of(result.sealedSeconds, START_SECONDS_MAX * items / ITEMS));
      started.add(Repeat.of(result.startedMillis, FIRST_RUN_MILLIS_MAX));
      read.add(Repeat.of(result.readMillis, READ_MILLIS_MAX));
      double sdkSeconds = sdkSeconds(testbed, items);
      progress.say(
          String.format(Locale.ROOT, "stream, repeat %s: by the SDK %.2f s", repeat, sdkSeconds));
      bySdk.add(Repeat.of(sdkSeconds, START_SECONDS_MAX * items / ITEMS));
    }
    String batch = String.format(Locale.ROOT, "%,d items, ", items);
    return List.of(
        Row.of("stream", batch + "announced to sealed", "s", sealed),
        Row.of("stream", batch + "first run after the seal", "ms", started),
        Row.of("stream", batch + "GET of the batch", "ms", read),
        Row.of("stream", batch + "by the Java SDK", "s", bySdk));
  }

  private static double sdkSeconds(Testbed testbed, int items) throws SQLException {
    testbed.clear();
    long begun = System.nanoTime();
    testbed.client().batchTrigger(Tasks.NOTHING, IntStream.range(0, items).mapToObj(Tasks::item));
    return (System.nanoTime() - begun) / 1e9;
  }

  /**
   * What one batch took.
   *
   * @param startedMillis from the response that says it is sealed to its first claim
   */
  private record Result(double sealedSeconds, double startedMillis, double readMillis) {}

  private static Result measure(Testbed testbed, int items) throws Exception {
    testbed.clear();
    testbed.worker().start(1);
    HttpCalls calls = new HttpCalls(testbed.server());
    try (HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      long begun = System.nanoTime();
      String id =
          calls.post("/api/v3/batches", Map.of("runCount", items)).json().get("id").stringValue();
      stream(http, testbed.server(), id, items);
      long sealed = System.nanoTime();
      awaitClaim(testbed.observer());
      long started = System.nanoTime();
      testbed.worker().stop();
      HttpCalls.Answer batch = calls.get("/api/v2/batches/" + id);
      if (batch.status() != 200) {
        throw new IOException("Status " + batch.status() + " of the batch");
      }
      return new Result((sealed - begun) / 1e9, (started - sealed) / 1e6, batch.nanos() / 1e6);
    }
  }

  private static void stream(HttpClient http, ServerProcess server, String id, int items)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(server.url() + "/api/v3/batches/" + id + "/items"))
            .timeout(STREAM_MAX)
            .header("Authorization", "Bearer " + server.key())
            .header("Content-Type", "application/x-ndjson")
            .POST(BodyPublishers.ofInputStream(() -> new StreamedItems(items)))
            .build();
    HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
    if (!response.body().contains("\"sealed\":true")) {
      throw new IOException("Not sealed: " + response.statusCode() + " " + response.body());
    }
  }

  private static void awaitClaim(Connection connection) throws SQLException, InterruptedException {
    try (PreparedStatement claimed =
        connection.prepareStatement(
            "select exists (select from fanfare.leases) or exists (select from"
                + " fanfare.outcomes)")) {
      while (!isTrue(claimed)) {
        Thread.sleep(1);
      }
    }
  }

  private static boolean isTrue(PreparedStatement statement) throws SQLException {
    try (ResultSet result = statement.executeQuery()) {
      return result.next() && result.getBoolean(1);
    }
  }
}
