package dev.fanfare.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.LeaseRef;
import dev.fanfare.protocol.worker.ReportResponse;
import dev.fanfare.sdk.StandInServer.Answer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkerTest {
  private static final Task<RawJson, RawJson> ECHO =
      Task.define("echo", RawJson.class, RawJson.class).handler((payload, run) -> payload);

  record Count(int n) {}

  private final WorkerStandIn server = new WorkerStandIn();

  @AfterEach
  void close() {
    server.close();
  }

  /** A handler that signals its start and then waits to be interrupted. */
  private static final class Stuck implements TaskHandler<RawJson, String> {
    final CountDownLatch began = new CountDownLatch(1);
    final CountDownLatch interrupted = new CountDownLatch(1);
    volatile boolean shouldStop;

    @Override
    public String handle(RawJson payload, RunContext run) {
      began.countDown();
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        shouldStop = run.shouldStop();
        interrupted.countDown();
      }
      return "dropped";
    }

    Task<RawJson, String> task() {
      return Task.define("stuck", RawJson.class, String.class).handler(this);
    }
  }

  @Test
  void payloads_of_every_media_type_are_decoded_as_sent() {
    try (Worker worker = server.worker(ECHO).start()) {
      for (String[] payload :
          new String[][] {
            {"{ \"b\" : 1.0e5,\"a\":-0}", null, "{ \"b\" : 1.0e5,\"a\":-0}"},
            {
              "\"{\\\"json\\\": {\\\"z\\\":1.50} ,\\\"meta\\\":{}}\"",
              "application/super+json",
              "{\"z\":1.50}"
            },
            {"\"{\\\"meta\\\":{}}\"", "application/super+json", "null"},
            {"\"hi\"", "text/plain", "\"hi\""},
            {"\"\\ud800\"", "application/json", "\"\\ud800\""},
            {null, null, null},
          }) {
        LeaseRef held = server.assign("echo", payload[0], payload[1]);
        Finished end = server.finished();
        assertThat(end.runId()).isEqualTo(held.runId());
        assertThat(end.fence()).isEqualTo(7);
        assertThat(end.error()).isNull();
        assertThat(end.output()).isEqualTo(payload[2]);
      }
    }
  }

  @Test
  void ATT_09_an_attempt_that_exceeds_its_max_duration_is_interrupted_and_not_retried()
      throws Exception {
    Stuck stuck = new Stuck();
    server.maxDuration(Duration.ofMillis(1));
    try (Worker worker = server.worker(stuck.task(), ECHO).slots(2).start()) {
      server.assign("stuck", "1");
      Finished end = server.finished();
      assertThat(end.error().code()).isEqualTo(RunError.Codes.TOO_LONG);
      assertThat(end.retryable()).isFalse();
      assertThat(end.output()).isNull();
      assertThat(stuck.shouldStop).isTrue();
    }
  }

  @Test
  void a_handler_that_returns_in_time_is_not_interrupted() {
    server.maxDuration(Duration.ofHours(1));
    Task<RawJson, Boolean> calm =
        Task.define("calm", RawJson.class, Boolean.class)
            .handler((payload, run) -> run.shouldStop() || Thread.currentThread().isInterrupted());
    try (Worker worker = server.worker(calm).start()) {
      server.assign("calm", "1");
      assertThat(server.finished().output()).isEqualTo("false");
    }
  }

  @Test
  void a_handler_can_read_its_run_and_attempt() {
    Task<Count, String> task =
        Task.define("tell", Count.class, String.class)
            .handler((count, run) ->
                String.join(
                    " ",
                    run.id(),
                    run.batchId(),
                    run.taskId(),
                    run.queue(),
                    run.attempt() + "/" + run.maxAttempts(),
                    run.tags() + "",
                    run.metadata() + "",
                    run.isTest() + "",
                    run.shouldStop() + "",
                    count.n() + "",
                    Thread.currentThread().isVirtual() + ""));
    try (Worker worker = server.worker(task).start()) {
      server.assign("tell", "{\"n\":5,\"unknown\":[]}");
      assertThat(server.finished().output())
          .isEqualTo("\"run_1 batch_1 tell task/tell 1/3 [tag] {\\\"m\\\":1} true false 5 true\"");
    }
  }

  @Test
  void an_exception_is_reported_as_a_retryable_failure() {
    Task<Count, String> fails =
        Task.define("fails", Count.class, String.class)
            .handler((count, run) -> {
              throw new java.io.IOException("boom \ud800");
            });
    try (Worker worker = server.worker(fails).start()) {
      server.assign("fails", "{\"n\":1}");
      Finished end = server.finished();
      assertThat(end.retryable()).isTrue();
      assertThat(end.error().type()).isEqualTo(RunError.Type.BUILT_IN_ERROR);
      assertThat(end.error().name()).isEqualTo("java.io.IOException");
      assertThat(end.error().message()).isEqualTo("boom \ufffd");
      assertThat(end.error().stackTrace()).contains("WorkerTest").hasSizeLessThanOrEqualTo(16_384);
    }
  }

  @Test
  void a_failure_that_another_attempt_would_repeat_is_not_retryable() {
    Task<Count, Object> task =
        Task.define("picky", Count.class, Object.class)
            .handler((count, run) -> {
              if (count.n() == 1) {
                throw new AbortRunException("no way");
              }
              return new Object() {
                @SuppressWarnings("unused")
                public String getFault() {
                  throw new IllegalStateException("cannot be read");
                }
              };
            });
    try (Worker worker = server.worker(task).start()) {
      server.assign("picky", "{\"n\":1}");
      assertThat(server.finished())
          .matches(end -> !end.retryable() && end.error().message().equals("no way"));
      server.assign("picky", "{\"n\":\"many\"}");
      assertThat(server.finished())
          .matches(end -> !end.retryable() && end.error().message().contains("does not fit"));
      server.assign("picky", "{\"n\":2}");
      assertThat(server.finished())
          .matches(end ->
              !end.retryable() && end.error().message().contains("cannot be encoded as JSON"));
    }
  }

  @Test
  void a_retry_runs_while_a_poll_is_in_flight() {
    Task<Count, Integer> flaky =
        Task.define("flaky", Count.class, Integer.class)
            .handler((count, run) -> {
              if (run.attempt() == 1) {
                throw new IllegalStateException("once");
              }
              return run.attempt();
            });
    server.reporting(report ->
        report.finished().stream().anyMatch(end -> end.error() != null)
            ? new ReportResponse(
                List.of(), List.of(new ReportResponse.Retry("run_1", 7, 2, 1)), List.of())
            : null);
    try (Worker worker = server.worker(flaky).slots(2).start()) {
      server.assign("flaky", "{\"n\":1}");
      assertThat(server.finished().attempt()).isEqualTo(1);
      Finished second = server.finished(); // the stand-in holds the next poll longer than we wait
      assertThat(second.attempt()).isEqualTo(2);
      assertThat(second.output()).isEqualTo("2");
    }
  }

  @Test
  void an_attempt_whose_claim_is_lost_is_interrupted_and_its_outcome_dropped() throws Exception {
    Stuck stuck = new Stuck();
    server.reporting(report ->
        report.started().isEmpty()
            ? null
            : new ReportResponse(List.of(new LeaseRef("run_1", 7)), List.of(), List.of()));
    try (Worker worker = server.worker(stuck.task(), ECHO).slots(2).start()) {
      server.assign("stuck", "1");
      stuck.interrupted.await();
      assertThat(stuck.shouldStop).isTrue();
      server.assign("echo", "2");
      assertThat(server.finished().runId()).isEqualTo("run_2");
    }
    assertThat(server.hasFinished()).isFalse();
  }

  @Test
  void a_canceled_run_is_interrupted_and_reported_as_canceled() throws Exception {
    Stuck stuck = new Stuck();
    server.reporting(report ->
        report.started().isEmpty()
            ? null
            : new ReportResponse(List.of(), List.of(), List.of(new LeaseRef("run_1", 7))));
    try (Worker worker = server.worker(stuck.task()).start()) {
      server.assign("stuck", "1");
      Finished end = server.finished();
      assertThat(end.canceled()).isTrue();
      assertThat(end.output()).isNull();
      assertThat(end.retryable()).isFalse();
      assertThat(stuck.shouldStop).isTrue();
    }
  }

  @Test
  void a_lapsed_session_loses_its_runs_and_the_worker_opens_another() throws Exception {
    Stuck stuck = new Stuck();
    try (WorkerStandIn quick = new WorkerStandIn(0, Duration.ofMillis(300));
        Worker worker = quick.worker(stuck.task(), ECHO).slots(2).start()) {
      String first = quick.opened();
      quick.assign("stuck", "1");
      stuck.began.await();
      quick.loseSession(first); // the next heartbeat notices it, while a poll is still in flight
      stuck.interrupted.await();
      assertThat(quick.opened()).isNotEqualTo(first);
      quick.assign("echo", "2");
      assertThat(quick.finished().output()).isEqualTo("2");
    }
  }

  @Test
  void a_worker_can_start_before_its_server() {
    int port = server.port();
    server.close();
    Fanfare fanfare =
        Fanfare.builder().url("http://127.0.0.1:" + port).secretKey("tr_dev_secret").build();
    Worker worker = Worker.builder(fanfare).task(ECHO).start();
    try (WorkerStandIn later = new WorkerStandIn(port, Duration.ofSeconds(60))) {
      later.assign("echo", "1");
      assertThat(later.finished().output()).isEqualTo("1");
      worker.close();
    }
  }

  @Test
  void an_outcome_is_reported_until_the_server_accepts_it() {
    AtomicInteger tries = new AtomicInteger();
    server.reporting(report ->
        switch (report.finished().isEmpty() ? 9 : tries.incrementAndGet()) {
          case 1 -> Answer.lost();
          case 2 -> Answer.error(503, "stopping");
          case 3 -> Answer.error(401, "the key is being changed");
          case 4 -> Answer.ok("<html>a proxy</html>");
          default -> null;
        });
    try (Worker worker = server.worker(ECHO).start()) {
      server.assign("echo", "1");
      assertThat(server.finished().output()).isEqualTo("1");
      assertThat(tries).hasValue(5);
    }
  }

  @Test
  void a_refused_outcome_fails_its_run_and_no_other() {
    server.reporting(report ->
        report.finished().stream().anyMatch(end -> "13".equals(end.output()))
            ? Answer.error(413, "too large")
            : null);
    CyclicBarrier together = new CyclicBarrier(20);
    Task<RawJson, RawJson> task =
        Task.define("t", RawJson.class, RawJson.class)
            .handler((payload, run) -> {
              together.await();
              return payload;
            });
    try (Worker worker = server.worker(task).slots(20).start()) {
      for (int i = 0; i < 20; i++) {
        server.assign("t", i + "");
      }
      Set<String> outputs = new HashSet<>();
      List<RunError> errors = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        Finished end = server.finished();
        if (end.error() == null) {
          outputs.add(end.output());
        } else {
          errors.add(end.error());
        }
      }
      assertThat(outputs).hasSize(19).doesNotContain("13");
      assertThat(errors).hasSize(1);
      assertThat(errors.getFirst().message()).contains("2 characters").contains("too large");
    }
  }

  @Test
  void a_run_whose_every_report_is_refused_does_not_stop_the_worker() {
    AtomicInteger refused = new AtomicInteger();
    server.reporting(report ->
        report.finished().stream().anyMatch(end -> end.runId().equals("run_1"))
                && refused.incrementAndGet() > 0
            ? Answer.error(400, "no")
            : null);
    try (Worker worker = server.worker(ECHO).start()) {
      server.assign("echo", "1");
      server.assign("echo", "2");
      assertThat(server.finished().runId()).isEqualTo("run_2");
    }
    // Perhaps together with the other; then three times alone, and its failure three times.
    assertThat(refused.get()).isBetween(6, 7);
  }

  @Test
  void close_waits_for_running_attempts_and_hands_back_the_rest() throws Exception {
    CountDownLatch began = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    Task<RawJson, RawJson> task =
        Task.define("t", RawJson.class, RawJson.class)
            .handler((payload, run) -> {
              began.countDown();
              mayEnd.await();
              return payload;
            });
    server.ignoreSlots();
    LeaseRef running = server.assign("t", "1");
    LeaseRef unstarted = server.assign("t", "2");
    Worker worker = server.worker(task).slots(1).start();
    began.await();
    Thread closing = Thread.ofVirtual().start(worker::close);
    assertThat(server.returned()).isEqualTo(unstarted);
    mayEnd.countDown();
    assertThat(server.finished().runId()).isEqualTo(running.runId());
    assertThat(server.closed()).isEqualTo("session_1");
    closing.join();
    assertThat(server.hasFinished()).isFalse();
    worker.close(); // a second close does nothing
  }

  @Test
  void an_attempt_that_outlives_the_grace_period_is_interrupted_and_handed_back() throws Exception {
    Stuck stuck = new Stuck();
    Worker worker = server.worker(stuck.task()).shutdownGrace(Duration.ofMillis(1)).start();
    server.assign("stuck", "1");
    stuck.began.await();
    worker.close();
    assertThat(stuck.interrupted.getCount()).isZero();
    assertThat(server.closed()).isEqualTo("session_1");
    assertThat(server.hasFinished()).isFalse();
  }

  @Test
  void only_attempts_that_last_are_reported_as_started() throws Exception {
    Stuck stuck = new Stuck();
    try (Worker worker = server.worker(ECHO, stuck.task()).shutdownGrace(Duration.ZERO).start()) {
      server.assign("echo", "1");
      server.finished();
      server.assign("stuck", "2");
      assertThat(server.started().runId()).isEqualTo("run_2");
      assertThat(server.hasStarted()).isFalse();
    }
  }

  @Test
  void a_worker_without_a_free_slot_sends_heartbeats() throws Exception {
    Stuck stuck = new Stuck();
    try (WorkerStandIn quick = new WorkerStandIn(0, Duration.ofMillis(150));
        Worker worker = quick.worker(stuck.task()).slots(1).shutdownGrace(Duration.ZERO).start()) {
      quick.assign("stuck", "1");
      stuck.began.await();
      for (int i = 0; i < 3; i++) {
        assertThat(quick.heartbeat()).isEqualTo("session_1");
      }
    }
  }

  @Test
  void many_runs_share_reports_and_never_exceed_the_slots() {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    Task<Count, Count> task =
        Task.define("t", Count.class, Count.class)
            .handler((count, run) -> {
              most.accumulateAndGet(running.incrementAndGet(), Math::max);
              Thread.yield();
              running.decrementAndGet();
              return count;
            });
    server.ignoreSlots();
    int runs = 3_000;
    for (int i = 0; i < runs; i++) {
      server.assign("t", "{\"n\":" + i + "}");
    }
    Set<String> ended = new HashSet<>();
    try (Worker worker = server.worker(task).slots(16).start()) {
      for (int i = 0; i < runs; i++) {
        ended.add(server.finished().runId());
      }
    }
    assertThat(ended).hasSize(runs);
    assertThat(most.get()).isBetween(1, 16);
    assertThat(server.reports()).isLessThan(runs / 4);
  }
}
