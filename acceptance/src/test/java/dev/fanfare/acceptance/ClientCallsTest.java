package dev.fanfare.acceptance;

import static dev.fanfare.sdk.TriggerOptions.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.sdk.ApiException;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.IdempotencyKey;
import dev.fanfare.sdk.MetadataUpdate;
import dev.fanfare.sdk.RawJson;
import dev.fanfare.sdk.Retry;
import dev.fanfare.sdk.Run;
import dev.fanfare.sdk.RunFilter;
import dev.fanfare.sdk.RunHandle;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.Worker;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The Java client's calls that change runs, with a real server and a real worker. */
@Timeout(120)
class ClientCallsTest {
  private static final Duration DONE = Duration.ofSeconds(60);
  private static final String NOBODY = "run_" + "1".repeat(25);
  private static TestServer server;
  private static Fanfare fanfare;

  @BeforeAll
  static void start() throws IOException {
    server = TestServer.start();
    fanfare = Fanfare.builder().url(server.server.url().toString()).secretKey(server.key).build();
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
  }

  @Test
  void canceling_a_run_over_http_interrupts_its_handler() throws Exception {
    CountDownLatch began = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    Task<RawJson, String> endless =
        Task.define("endless", RawJson.class, String.class)
            .handler((payload, run) -> {
              began.countDown();
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                interrupted.countDown();
              }
              return "dropped";
            });
    try (Worker worker = Worker.builder(fanfare).task(endless).version("7").start()) {
      String id = fanfare.trigger(endless, new RawJson("1")).id();
      began.await();
      fanfare.runs().cancel(id);
      assertThat(fanfare.runs().retrieve(id).status()).isEqualTo(RunStatus.CANCELED);
      interrupted.await();
      fanfare
          .async(f -> {
            f.runs().cancel(id);
            return id;
          })
          .join();
    }
    Run canceled = fanfare.runs().retrieve(id(RunFilter.all().task("endless").version("7")));
    assertThat(canceled.status()).isEqualTo(RunStatus.CANCELED);
    assertThat(canceled.finishedAt()).isNotNull();
    assertThat(canceled.output()).isNull();
    assertThatThrownBy(() -> fanfare.runs().cancel(NOBODY))
        .isInstanceOf(ApiException.NotFound.class);
  }

  private static String id(RunFilter filter) {
    return fanfare.runs().list(filter).findFirst().orElseThrow().id();
  }

  @Test
  void a_run_is_moved_tagged_and_repeated() {
    String id =
        fanfare.trigger("nobody", Map.of("n", 1), options().delay(Duration.ofHours(1))).id();
    Instant later = Instant.parse("2031-01-01T00:00:00Z");
    assertThat(fanfare.runs().reschedule(id, later).delayedUntil()).isEqualTo(later);
    assertThat(fanfare.runs().reschedule(id, Duration.ofHours(2)).status())
        .isEqualTo(RunStatus.DELAYED);
    fanfare.runs().addTags(id, "b", "a");
    fanfare.runs().addTags(id, "a");
    assertThat(fanfare.runs().retrieve(id).tags()).containsExactly("a", "b");

    Run again = fanfare.runs().retrieve(fanfare.runs().replay(id));
    assertThat(again.status()).isEqualTo(RunStatus.QUEUED);
    assertThat(again.payload().text()).isEqualTo("{\"n\":1}");
    Run other = fanfare.runs().retrieve(fanfare.runs().replay(id, options().tag("c").queue("q")));
    assertThat(other.tags()).containsExactly("c");
    assertThatThrownBy(() -> fanfare.runs().replay(id, options().lockToVersion("none")))
        .isInstanceOf(ApiException.Refused.class)
        .hasMessageContaining("no worker found with that version");
    assertThatThrownBy(() -> fanfare.runs().reschedule(again.id(), later))
        .isInstanceOf(ApiException.Refused.class);
  }

  @Test
  void metadata_is_read_replaced_and_changed() {
    String id = fanfare.trigger("nobody", 1).id();
    assertThat(fanfare.runs().metadata(id).text()).isEqualTo("{}");
    assertThat(fanfare.runs().replaceMetadata(id, Map.of("n", 1)).text()).isEqualTo("{\"n\":1}");
    MetadataUpdate update =
        MetadataUpdate.none().increment("n", 2).append("log", "x").set("$.deep.k", null);
    assertThat(fanfare.runs().updateMetadata(id, update).text())
        .isEqualTo("{\"n\":3,\"log\":[\"x\"],\"deep\":{\"k\":null}}");
    assertThat(
            fanfare
                .runs()
                .updateMetadata(id, MetadataUpdate.none().delete("deep").remove("log", "x")))
        .isEqualTo(fanfare.runs().metadata(id))
        .hasToString("{\"n\":3,\"log\":[]}");
    assertThatThrownBy(() -> fanfare.runs().replaceMetadata(id, List.of()))
        .isInstanceOf(ApiException.Refused.class);
  }

  @Test
  void a_reset_key_creates_another_run() {
    IdempotencyKey key = IdempotencyKey.global("daily");
    RunHandle first = fanfare.trigger("keyed", 1, options().idempotencyKey(key));
    assertThat(fanfare.trigger("keyed", 1, options().idempotencyKey(key)).id())
        .isEqualTo(first.id());
    assertThat(fanfare.runs().retrieve(first.id()).idempotencyKey()).isEqualTo("daily");
    fanfare.runs().resetIdempotencyKey("keyed", key.text());
    assertThat(fanfare.trigger("keyed", 1, options().idempotencyKey(key)).id())
        .isNotEqualTo(first.id());
    assertThatThrownBy(() -> fanfare.runs().resetIdempotencyKey("keyed", "unknown"))
        .isInstanceOf(ApiException.NotFound.class);
  }

  @Test
  void IDM_08_keys_of_the_scopes_differ_by_run_and_attempt_as_their_names_say() {
    Set<String> global = ConcurrentHashMap.newKeySet();
    Set<String> ofRun = ConcurrentHashMap.newKeySet();
    Set<String> ofAttempt = ConcurrentHashMap.newKeySet();
    Task<RawJson, String> parent =
        Task.define("parent", RawJson.class, String.class)
            .retry(Retry.exponential().minDelay(Duration.ZERO).maxAttempts(2))
            .handler((payload, run) -> {
              global.add(child(IdempotencyKey.global("k")));
              ofRun.add(child(IdempotencyKey.ofRun("k", run)));
              ofAttempt.add(child(IdempotencyKey.ofAttempt("k", run)));
              if (run.attempt() == 1) {
                throw new IOException("again");
              }
              return "done";
            });
    try (Worker worker = Worker.builder(fanfare).task(parent).start()) {
      for (RunHandle run :
          fanfare.batchTrigger(parent, List.of(new RawJson("1"), new RawJson("2"))).items()) {
        assertThat(fanfare.runs().await(run.id(), DONE).attemptCount()).isEqualTo(2);
      }
    }
    assertThat(global).hasSize(1);
    assertThat(ofRun).hasSize(2);
    assertThat(ofAttempt).hasSize(4);
    Set<String> all = new HashSet<>(global);
    all.addAll(ofRun);
    all.addAll(ofAttempt);
    assertThat(all).hasSize(7);
  }

  private static String child(IdempotencyKey key) {
    return fanfare.trigger("child", 1, options().idempotencyKey(key)).id();
  }
}
