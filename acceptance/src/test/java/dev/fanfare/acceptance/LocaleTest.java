package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.sdk.BatchHandle;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.Worker;
import dev.fanfare.server.config.Settings;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What machines read is the same in every locale: some have digits, letters or calendars of their
 * own.
 */
class LocaleTest {
  private static final String NONE = "";
  private final Locale former = Locale.getDefault();

  @TempDir Path empty;

  @AfterEach
  void restore() {
    Locale.setDefault(former);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"fa-IR", "ar-EG-u-nu-arab", "hi-IN-u-nu-deva", "tr-TR", "th-TH-u-ca-buddhist"})
  void packets_batches_delays_and_units_work(String tag) throws Exception {
    Locale.setDefault(Locale.forLanguageTag(tag));
    try (TestServer server = TestServer.start()) {
      String stored = upload(server, "{\"large\":true}");
      Reply run =
          server.post(
              "/api/v1/tasks/echo/trigger",
              """
              {"payload":"%s","options":{"payloadType":"application/store","delay":"30m",
               "ttl":"1h","idempotencyKeyTTL":"1d","tags":["İıIi"]}}
              """
                  .formatted(stored));
      assertThat(run.status()).as(run.text()).isEqualTo(200);
      String id = run.json().get("id").asString();
      assertThat(server.get("/api/v3/runs/" + id).json().path("createdAt").asString())
          .matches("20[0-9-]{8}T[0-9:.]+Z");
      assertThat(server.get("/api/v1/runs?filter%5BcreatedAt%5D%5Bperiod%5D=1h").text())
          .contains(id);
      completes(server);
      for (String error :
          List.of(
              server.post("/api/v1/runs/" + id + "/tags", "{\"tags\":" + tags(11) + "}").error(),
              server.post("/api/v1/tasks/batch", "{\"items\":" + items(1_001) + "}").error())) {
        assertThat(error).as(tag).matches("[\\x20-\\x7e]*[0-9]+[\\x20-\\x7e]*");
      }
    }
    assertThat(
            Settings.read(
                    Map.of(
                        "FANFARE_LOG_LEVEL", "info",
                        "FANFARE_PACKET_STORE", "disk",
                        "FANFARE_ITEM_BYTES_MAX", "1MIB"),
                    empty)
                .entries()
                .toString())
        .contains("value=info", "value=disk", "value=1MiB");
  }

  /** Uploads and downloads a packet by presigned URLs; returns its storage path. */
  private static String upload(TestServer server, String content) {
    Reply url = server.send("PUT", "/api/v2/packets/a.json", BodyPublishers.noBody(), server.key);
    Reply put =
        server.send(
            "PUT",
            presigned(url),
            BodyPublishers.ofString(content),
            NONE,
            "Content-Type",
            "application/json");
    assertThat(put.status()).as(put.text()).isEqualTo(200);
    String path = url.json().get("storagePath").asString();
    Reply download = server.get("/api/v1/packets/" + path);
    assertThat(server.getAs(NONE, presigned(download)).text()).isEqualTo(content);
    return path;
  }

  private static String presigned(Reply reply) {
    String url = reply.json().get("presignedUrl").asString();
    return url.substring(url.indexOf("/packets/"));
  }

  /** Executes a batch with a worker of the SDK, which runs in the same locale. */
  private static void completes(TestServer server) throws Exception {
    Task<Integer, Integer> task =
        Task.define("count", Integer.class, Integer.class).handler((n, run) -> n + 1);
    Fanfare fanfare =
        Fanfare.builder().url(server.server.url().toString()).secretKey(server.key).build();
    try (Worker worker = Worker.builder(fanfare).task(task).slots(4).start()) {
      BatchHandle batch = fanfare.batchTrigger(task, List.of(1, 2, 3));
      assertThat(worker).isNotNull();
      assertThat(fanfare.batches().await(batch.id(), Duration.ofSeconds(60)).runIds())
          .isEqualTo(batch.runIds());
    }
  }

  private static String tags(int count) {
    return IntStream.range(0, count)
        .mapToObj(n -> "\"t" + n + "\"")
        .collect(Collectors.joining(",", "[", "]"));
  }

  private static String items(int count) {
    return IntStream.range(0, count)
        .mapToObj(n -> "{\"task\":\"t\"}")
        .collect(Collectors.joining(",", "[", "]"));
  }
}
