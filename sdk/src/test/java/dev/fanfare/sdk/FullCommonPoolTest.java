package dev.fanfare.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.sdk.StandInServer.Answer;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Blocking work that fills the common pool of the JVM stops neither calls nor workers. */
@Timeout(25)
class FullCommonPoolTest {
  private final CountDownLatch end = new CountDownLatch(1);

  @BeforeEach
  void fill() throws InterruptedException {
    int threads = ForkJoinPool.commonPool().getParallelism();
    CountDownLatch begun = new CountDownLatch(threads);
    for (int i = 0; i < threads; i++) {
      ForkJoinPool.commonPool()
          .execute(() -> {
            begun.countDown();
            try {
              end.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
    begun.await();
  }

  @AfterEach
  void empty() {
    end.countDown();
  }

  @Test
  void a_call_gets_its_response() {
    try (StandInServer server = new StandInServer(request -> Answer.ok("{\"id\":\"run_1\"}"))) {
      assertThat(server.client().trigger("echo", 1).id()).isEqualTo("run_1");
    }
  }

  @Test
  void a_worker_executes_reports_and_closes() {
    Task<RawJson, RawJson> echo =
        Task.define("echo", RawJson.class, RawJson.class).handler((payload, run) -> payload);
    try (WorkerStandIn server = new WorkerStandIn()) {
      Worker worker = server.worker(echo).shutdownGrace(Duration.ofSeconds(5)).start();
      server.assign("echo", "1");
      assertThat(server.finished().output()).isEqualTo("1");
      worker.close();
      assertThat(server.closed()).isEqualTo("session_1");
    }
  }
}
