package dev.fanfare.acceptance.chaos;

import static dev.fanfare.sdk.TriggerOptions.options;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.sdk.BatchHandle;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.RunHandle;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A trigger that is sent many times takes effect once. */
@Timeout(60)
class RepeatedTriggerTest {
  private LocalServer server;

  @BeforeEach
  void start() {
    server = LocalServer.start(UnaryOperator.identity());
  }

  @AfterEach
  void close() {
    server.close();
  }

  /** IDM-06. */
  @Test
  void fifty_equal_triggers_at_once_create_one_run() throws Exception {
    Fanfare fanfare = server.client();
    CountDownLatch ready = new CountDownLatch(50);
    List<RunHandle> answers;
    try (ExecutorService threads = Executors.newFixedThreadPool(50)) {
      List<CompletableFuture<RunHandle>> calls =
          IntStream.range(0, 50)
              .mapToObj(i ->
                  CompletableFuture.supplyAsync(
                      () -> {
                        ready.countDown();
                        try {
                          ready.await();
                        } catch (InterruptedException e) {
                          throw new AssertionError(e);
                        }
                        return fanfare.trigger("once", 1, options().idempotencyKey("the-key"));
                      },
                      threads))
              .toList();
      answers = calls.stream().map(CompletableFuture::join).toList();
    }
    assertThat(answers).extracting(RunHandle::id).containsOnly(answers.getFirst().id());
    assertThat(answers).filteredOn(answer -> !answer.isCached()).hasSize(1);
    assertThat(server.number("select count(*) from runs")).isEqualTo(1);
  }

  /** TRG-20. */
  @Test
  void a_trigger_resent_after_a_lost_response_creates_one_run() throws Exception {
    try (BrokenWire wire = new BrokenWire(server.port())) {
      wire.loseAnswers("/trigger", 2);
      RunHandle run = LocalServer.client(wire.port()).trigger("once", 1);
      assertThat(wire.lost()).isEqualTo(2);
      assertThat(server.client().runs().retrieve(run.id()).id()).isEqualTo(run.id());
      assertThat(server.number("select count(*) from runs")).isEqualTo(1);
    }
  }

  @Test
  void a_batch_resent_after_a_lost_response_creates_one_batch() throws Exception {
    try (BrokenWire wire = new BrokenWire(server.port())) {
      wire.loseAnswers("/batch", 2);
      BatchHandle batch =
          LocalServer.client(wire.port())
              .batchTrigger("once", IntStream.range(0, 1_000).boxed().toList());
      assertThat(wire.lost()).isEqualTo(2);
      assertThat(server.client().batches().retrieve(batch.id()).runIds()).isEqualTo(batch.runIds());
      assertThat(batch.runIds()).hasSize(1_000).doesNotHaveDuplicates();
      assertThat(server.number("select count(*) from batches")).isEqualTo(1);
      assertThat(server.number("select count(*) from runs")).isEqualTo(1_000);
    }
  }
}
