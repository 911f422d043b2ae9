package dev.fanfare.acceptance.chaos;

import static dev.fanfare.server.config.ServerSettings.OUTPUT_BYTES_MAX;
import static dev.fanfare.server.config.ServerSettings.RETRY_IN_PLACE_MAX;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.fanfare.acceptance.MigratedDatabase;
import dev.fanfare.examples.DemoTasks;
import dev.fanfare.examples.DemoTasks.Flaky;
import dev.fanfare.examples.DemoTasks.Nap;
import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.sdk.BatchHandle;
import dev.fanfare.sdk.BatchItem;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.RawJson;
import dev.fanfare.sdk.Retry;
import dev.fanfare.sdk.Run;
import dev.fanfare.sdk.RunResult;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.TriggerOptions;
import dev.fanfare.sdk.Worker;
import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The life of a worker with a real server: restarts, invalid outputs, closing. */
@Timeout(120)
class WorkerLifeTest {
  private static final Duration DONE = Duration.ofSeconds(60);

  private LocalServer server;

  @AfterEach
  void close() {
    if (server != null) {
      server.close();
    }
  }

  private Fanfare startServer() {
    server = LocalServer.start(UnaryOperator.identity());
    return server.client();
  }

  private static Worker demoWorker(Fanfare fanfare) {
    return Worker.builder(fanfare).tasks(DemoTasks.all()).start();
  }

  @Test
  void the_demo_tasks_do_what_their_documentation_says() {
    Fanfare fanfare = startServer();
    try (Worker worker = demoWorker(fanfare)) {
      BatchHandle batch =
          fanfare.batchTrigger(
              List.of(
                  item("send-email", "{\"to\":\"a@example.com\",\"subject\":\"s\"}"),
                  item("send-slack", "{\"channel\":\"#c\",\"message\":\"m\"}"),
                  item("echo", "{\"b\":1.10,\"a\":[null,\"é\",12345678901234567890]}"),
                  item("slow", "{\"ms\":5}"),
                  item("flaky", "{\"failures\":2}"),
                  item("fail", "{}")));
      assertThat(fanfare.batches().await(batch.id(), DONE).status())
          .isEqualTo(BatchStatus.COMPLETED);
      List<RunResult> results = fanfare.batches().results(batch.id());
      assertThat(results)
          .extracting(r -> r.output() == null ? null : r.output().text())
          .containsExactly(
              "{\"delivered\":true,\"to\":\"a@example.com\"}",
              "{\"posted\":true,\"channel\":\"#c\"}",
              "{\"b\":1.10,\"a\":[null,\"é\",12345678901234567890]}",
              "{\"slept\":5}",
              "{\"attempt\":3}",
              null);
      assertThat(results.getLast().error().message()).isEqualTo("boom");
      Run failed = fanfare.runs().retrieve(batch.runIds().getLast());
      assertThat(failed.status()).isEqualTo(RunStatus.FAILED);
      assertThat(failed.attemptCount()).isEqualTo(3);
      assertThat(failed.error().message()).isEqualTo("boom");
      assertThat(fanfare.runs().retrieve(batch.runIds().get(4)).attemptCount()).isEqualTo(3);
    }
  }

  @Test
  void ATT_09_an_attempt_that_exceeds_its_max_duration_ends_its_run_without_a_retry() {
    Fanfare fanfare = startServer();
    Duration shortest = Duration.ofSeconds(5);
    Task<RawJson, String> bounded =
        Task.define("bounded", RawJson.class, String.class)
            .maxDuration(shortest)
            .handler((payload, run) -> waitForEver());
    Task<RawJson, String> patient =
        Task.define("patient", RawJson.class, String.class)
            .maxDuration(Duration.ofDays(1))
            .handler((payload, run) -> waitForEver());
    try (Worker worker = Worker.builder(fanfare).task(bounded).task(patient).start()) {
      RawJson payload = new RawJson("1");
      String byTask = fanfare.trigger(bounded, payload).id();
      String byTrigger =
          fanfare.trigger(patient, payload, TriggerOptions.options().maxDuration(shortest)).id();
      assertThat(List.of(fanfare.runs().await(byTask, DONE), fanfare.runs().await(byTrigger, DONE)))
          .allSatisfy(run -> {
            assertThat(run.status()).isEqualTo(RunStatus.TIMED_OUT);
            assertThat(run.attemptCount()).isEqualTo(1);
            assertThat(run.output()).isNull();
            assertThat(run.error().message()).startsWith("MAX_DURATION_EXCEEDED: ");
          });
    }
  }

  private static String waitForEver() throws InterruptedException {
    new CountDownLatch(1).await();
    return "never";
  }

  private static BatchItem item(String task, String payload) {
    return BatchItem.of(task, new RawJson(payload));
  }

  /** ATT-03: here no retry waits in the worker, so every retry goes through the queue. */
  @Test
  void retries_that_wait_in_the_queue_keep_their_attempt_numbers() {
    server = LocalServer.start(c -> c.with(RETRY_IN_PLACE_MAX, Duration.ZERO));
    Fanfare fanfare = server.client();
    try (Worker worker = demoWorker(fanfare)) {
      String flaky = fanfare.trigger(DemoTasks.FLAKY, new Flaky(2)).id();
      String fail = fanfare.trigger(DemoTasks.FAIL, new RawJson("1")).id();
      assertThat(List.of(fanfare.runs().await(flaky, DONE), fanfare.runs().await(fail, DONE)))
          .extracting(Run::status, Run::attemptCount)
          .containsExactly(tuple(RunStatus.COMPLETED, 3), tuple(RunStatus.FAILED, 3));
      assertThat(fanfare.runs().retrieve(flaky).output().text()).isEqualTo("{\"attempt\":3}");
    }
  }

  @Test
  void a_worker_survives_restarts_of_the_server() {
    Fanfare fanfare = startServer();
    try (Worker worker = demoWorker(fanfare)) {
      BatchHandle batch =
          fanfare.batchTrigger(DemoTasks.SLOW, Collections.nCopies(300, new Nap(200)));
      for (int ended : List.of(50, 150)) {
        Await.until(
            ended + " runs to end",
            DONE,
            () -> server.number("select count(*) from outcomes") >= ended);
        server.stop();
        server.start();
      }
      assertThat(fanfare.batches().await(batch.id(), DONE).status())
          .isEqualTo(BatchStatus.COMPLETED);
      assertThat(fanfare.batches().results(batch.id()))
          .hasSize(300)
          .allMatch(RunResult::isSuccessful);
    }
  }

  @Test
  void a_worker_may_start_before_the_server() {
    Fanfare fanfare = startServer();
    server.stop();
    try (Worker worker = demoWorker(fanfare)) {
      server.start();
      String run = fanfare.trigger(DemoTasks.SLOW, new Nap(1)).id();
      assertThat(fanfare.runs().await(run, DONE).status()).isEqualTo(RunStatus.COMPLETED);
    }
  }

  /** An object that cannot be serialized to JSON. */
  public record Circle(List<Object> self) {}

  @Test
  void an_output_that_cannot_be_stored_fails_only_its_own_run() {
    server = LocalServer.start(c -> c.with(OUTPUT_BYTES_MAX, 10_000));
    Fanfare fanfare = server.client();
    Task<String, Object> make =
        Task.define("make", String.class, Object.class)
            .handler((what, run) -> {
              List<Object> self = new ArrayList<>();
              self.add(self);
              return switch (what) {
                case "circle" -> new Circle(self);
                case "much" -> "x".repeat(10_001);
                case "error" -> throw new IllegalStateException("y".repeat(1_000_000));
                case "odd" -> "\ud800 and \u0000";
                default -> what;
              };
            });
    try (Worker worker = Worker.builder(fanfare).task(make).start()) {
      List<String> payloads = new ArrayList<>(Collections.nCopies(100, "fine"));
      payloads.addAll(10, List.of("circle", "much", "odd"));
      BatchHandle batch = fanfare.batchTrigger(make, payloads);
      fanfare.batches().await(batch.id(), DONE);
      List<RunResult> results = fanfare.batches().results(batch.id());
      assertThat(results).hasSize(103).filteredOn(result -> !result.isSuccessful()).hasSize(2);
      assertThat(results.get(10).error().message()).contains("cannot be encoded as JSON");
      assertThat(results.get(11).error().message()).contains("the maximum of 10000 bytes");
      assertThat(fanfare.decode(results.get(12).output(), String.class))
          .isEqualTo("\ud800 and \u0000");
      String failing =
          fanfare
              .trigger(make, "error", dev.fanfare.sdk.TriggerOptions.options().maxAttempts(1))
              .id();
      assertThat(fanfare.runs().await(failing, DONE).error().message()).startsWith("yyy");
    }
  }

  @Test
  void closing_finishes_running_attempts_and_returns_waiting_runs() throws Exception {
    Fanfare fanfare = startServer();
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    CountDownLatch failed = new CountDownLatch(1);
    Task<Integer, String> patient =
        Task.define("patient", Integer.class, String.class)
            .handler((payload, run) -> {
              running.countDown();
              end.await();
              return "finished";
            });
    Task<Integer, Integer> again =
        Task.define("again", Integer.class, Integer.class)
            .retry(Retry.exponential().minDelay(Duration.ofSeconds(4)).jitter(false))
            .handler((payload, run) -> {
              if (run.attempt() == 1) {
                failed.countDown();
                throw new IllegalStateException("once more");
              }
              return run.attempt();
            });
    Worker worker = Worker.builder(fanfare).task(patient).task(again).start();
    String finishing = fanfare.trigger(patient, 0).id();
    String waiting = fanfare.trigger(again, 0).id();
    assertThat(running.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(failed.await(20, TimeUnit.SECONDS)).isTrue();
    Await.until(
        "the retry to be granted",
        DONE,
        () -> server.number("select count(*) from leases where attempt = 1") == 2);

    Thread closing = Thread.ofPlatform().start(worker::close);
    Await.until(
        "the waiting retry to be handed back",
        DONE,
        () -> fanfare.runs().retrieve(waiting).status() == RunStatus.QUEUED);
    assertThat(closing.isAlive()).as("closing waits for what runs").isTrue();
    end.countDown();
    closing.join(Duration.ofSeconds(20));
    assertThat(closing.isAlive()).isFalse();
    assertThat(fanfare.runs().output(fanfare.runs().retrieve(finishing), String.class))
        .isEqualTo("finished");
    assertThat(server.number("select count(*) from sessions")).isZero();
    assertThat(server.number("select max(losses) from ready")).isZero();

    try (Worker next = Worker.builder(fanfare).task(patient).task(again).start()) {
      Run ended = fanfare.runs().await(waiting, DONE);
      assertThat(ended.status()).isEqualTo(RunStatus.COMPLETED);
      assertThat(ended.attemptCount()).isEqualTo(2);
    }
  }

  /** HBT-08: the server is a separate process, because its threads would get no CPU either. */
  @Test
  void HBT_08_handlers_that_use_all_cpu_time_do_not_end_the_session(@TempDir Path folder)
      throws Exception {
    int burners = 4 * Runtime.getRuntime().availableProcessors();
    Task<Integer, Boolean> burn =
        Task.define("burn", Integer.class, Boolean.class)
            .handler((payload, run) -> {
              long until = System.nanoTime() + Duration.ofSeconds(3).toNanos();
              while (System.nanoTime() < until) {
                Thread.onSpinWait();
              }
              return true;
            });
    try (TestDatabase database = MigratedDatabase.create();
        Processes processes = new Processes().set("FANFARE_SESSION_LEASE", "5s")) {
      Processes.Serving serving = processes.server("server", folder, database);
      LeaseHistory history = LeaseHistory.install(database::connect);
      try (Worker worker = Worker.builder(serving.client()).task(burn).slots(burners).start()) {
        serving.client().batchTrigger(burn, Collections.nCopies(burners, 1));
        history.awaitAllDone(DONE, processes);
      }
      history.assertAllCompletedOnce();
      assertThat(history.sessions()).hasSize(1);
      assertThat(history.claimsAgain()).isZero();
    }
  }

  @Test
  void twenty_thousand_small_runs_complete() throws Exception {
    Fanfare fanfare = startServer();
    Task<Integer, Integer> nothing =
        Task.define("nothing", Integer.class, Integer.class).handler((payload, run) -> payload);
    try (Worker worker = Worker.builder(fanfare).task(nothing).slots(200).start()) {
      List<Integer> thousand = IntStream.range(0, 1_000).boxed().toList();
      for (int i = 0; i < 20; i++) {
        fanfare.batchTrigger(nothing, thousand);
      }
      Await.until(
          "20,000 runs to complete",
          DONE,
          () ->
              server.number("select count(*) from outcomes where status = 'COMPLETED'") == 20_000);
      Await.until(
          "all batches to know it",
          DONE,
          () -> server.number("select count(*) from batches where status = 'COMPLETED'") == 20);
      assertThat(server.number("select count(*) from leases")).isZero();
    }
  }
}
