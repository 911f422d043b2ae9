package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.sdk.BatchHandle;
import dev.fanfare.sdk.BatchItem;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Run;
import dev.fanfare.sdk.RunHandle;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.TriggerOptions;
import dev.fanfare.sdk.Worker;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Runs that handlers trigger with the client of their run, through the SDK and a real server. */
class ChildrenOfHandlersTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private TestServer server;
  private Fanfare fanfare;

  @BeforeEach
  void start() throws IOException {
    server = TestServer.start();
    fanfare = Fanfare.builder().url(server.server.url().toString()).secretKey(server.key).build();
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  @Test
  void runs_triggered_by_a_handler_in_any_way_are_its_children() {
    Task<Integer, Integer> child =
        Task.define("child", Integer.class, Integer.class).handler((n, run) -> n * 2);
    Task<Integer, String[]> parent =
        Task.define("parent", Integer.class, String[].class)
            .handler((n, run) -> {
              List<String> runs = new ArrayList<>();
              runs.add(run.fanfare().trigger(child, 1).id());
              runs.addAll(run.fanfare().batchTrigger(child, List.of(2, 3)).runIds());
              BatchHandle mixed =
                  run.fanfare().batchTrigger(List.of(BatchItem.of(child, 4), BatchItem.of("x", 5)));
              runs.addAll(mixed.runIds());
              return runs.toArray(String[]::new);
            });
    try (Worker worker = Worker.builder(fanfare).task(child).task(parent).start()) {
      RunHandle handle = fanfare.trigger(parent, 0);
      Run ended = fanfare.runs().await(handle.id(), PATIENCE);
      assertThat(ended.status()).isEqualTo(RunStatus.COMPLETED);
      List<String> runs = List.of(fanfare.runs().output(ended, String[].class));
      assertThat(runs).hasSize(5);
      assertThat(ended.depth()).isZero();
      assertThat(ended.relatedRuns().parent()).isNull();
      assertThat(ended.relatedRuns().children().stream().map(Run::id).toList()).isEqualTo(runs);
      Run first = fanfare.runs().await(runs.getFirst(), PATIENCE);
      assertThat(first.relatedRuns().parent().id()).isEqualTo(handle.id());
      assertThat(first.relatedRuns().root().id()).isEqualTo(handle.id());
      assertThat(first.depth()).isEqualTo(1);
    }
  }

  @Test
  void CAN_04_canceling_a_run_interrupts_the_handlers_of_its_children() throws Exception {
    CountDownLatch running = new CountDownLatch(2);
    CountDownLatch interrupted = new CountDownLatch(2);
    Task<Integer, String> stuck =
        Task.define("stuck", Integer.class, String.class)
            .handler((depth, run) -> {
              if (depth == 0) {
                run.fanfare().trigger("stuck", 1, TriggerOptions.options());
              }
              running.countDown();
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                interrupted.countDown();
              }
              return "dropped";
            });
    try (Worker worker = Worker.builder(fanfare).task(stuck).start()) {
      String parent = fanfare.trigger(stuck, 0).id();
      assertThat(running.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(server.post("/api/v2/runs/" + parent + "/cancel", "").status()).isEqualTo(200);
      assertThat(interrupted.await(30, TimeUnit.SECONDS)).isTrue();
      Run ended = fanfare.runs().await(parent, PATIENCE);
      assertThat(ended.relatedRuns().children())
          .singleElement()
          .satisfies(child -> assertThat(child.status()).isEqualTo(RunStatus.CANCELED));
    }
  }
}
