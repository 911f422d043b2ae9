package dev.fanfare.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.LeaseRef;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.sdk.StandInServer.Answer;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A report that does not get through harms no run and holds up no other report. */
@Timeout(90)
class WorkerStuckReportsTest {
  private static final Task<RawJson, RawJson> ECHO =
      Task.define("echo", RawJson.class, RawJson.class).handler((payload, run) -> payload);

  private static final int RUNS = 20;

  private static boolean has(ReportRequest report, Predicate<Finished> end) {
    return report.finished().stream().anyMatch(end);
  }

  private static boolean isBad(Finished end) {
    return "13".equals(end.output());
  }

  /** A request that was damaged on its way looks malformed; only another try can tell. */
  @ParameterizedTest
  @ValueSource(strings = {"The request body ended early", "Invalid JSON", "Bad Request"})
  void a_400_once_is_no_verdict_on_an_outcome(String text) {
    AtomicInteger refusals = new AtomicInteger();
    try (WorkerStandIn server = new WorkerStandIn();
        Worker worker = server.worker(ECHO).start()) {
      server.reporting(report ->
          !report.finished().isEmpty() && refusals.incrementAndGet() <= 2
              ? Answer.error(400, text)
              : null);
      server.assign("echo", "1");
      Finished end = server.finished();
      assertThat(end.error()).isNull();
      assertThat(end.output()).isEqualTo("1");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 403, 404, 410, 413, 422})
  void an_error_of_an_intermediary_neither_fails_a_run_nor_ends_the_session(int status) {
    AtomicInteger errors = new AtomicInteger();
    try (WorkerStandIn server = new WorkerStandIn();
        Worker worker = server.worker(ECHO).start()) {
      server.reporting(report ->
          !report.finished().isEmpty() && errors.incrementAndGet() <= 2
              ? new Answer(status, "<html>a proxy</html>", Map.of())
              : null);
      server.assign("echo", "1");
      assertThat(server.finished().output()).isEqualTo("1");
      assertThat(server.opened()).isEqualTo("session_1");
      server.assign("echo", "2");
      assertThat(server.finished().output()).isEqualTo("2");
    }
  }

  @Test
  void an_outcome_that_always_gets_500_holds_up_no_other() {
    try (WorkerStandIn server = new WorkerStandIn()) {
      server.reporting(report ->
          has(report, WorkerStuckReportsTest::isBad) ? Answer.error(500, "Something") : null);
      Worker worker = server.worker(ECHO).slots(RUNS).shutdownGrace(Duration.ofMillis(1)).start();
      for (int i = 0; i < RUNS; i++) {
        server.assign("echo", Integer.toString(i));
      }
      Set<String> outputs = new HashSet<>();
      for (int i = 1; i < RUNS; i++) {
        outputs.add(server.finished().output());
      }
      assertThat(outputs).hasSize(RUNS - 1).doesNotContain("13");
      server.assign("echo", "99");
      assertThat(server.finished().output()).isEqualTo("99");
      worker.close();
    }
  }

  @Test
  void an_outcome_whose_report_gets_no_answer_holds_up_no_other() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    try (WorkerStandIn server = new WorkerStandIn(0, Duration.ofSeconds(6))) {
      server.reporting(report -> {
        if (has(report, WorkerStuckReportsTest::isBad)) {
          end.await();
        }
        return null;
      });
      Worker worker = server.worker(ECHO).slots(RUNS).shutdownGrace(Duration.ofMillis(1)).start();
      for (int i = 10; i < 10 + RUNS; i++) {
        server.assign("echo", Integer.toString(i));
      }
      Set<String> outputs = new HashSet<>();
      for (int i = 1; i < RUNS; i++) {
        outputs.add(server.finished().output());
      }
      assertThat(outputs).hasSize(RUNS - 1).doesNotContain("13");
      end.countDown();
      worker.close();
    }
  }

  @Test
  void starts_and_small_outcomes_do_not_wait_for_a_large_one() throws Exception {
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch mayArrive = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    String large = "\"" + "o".repeat(1_000_000) + "\"";
    Task<RawJson, RawJson> slow =
        Task.define("slow", RawJson.class, RawJson.class)
            .handler((payload, run) -> {
              mayEnd.await();
              return payload;
            });
    try (WorkerStandIn server = new WorkerStandIn();
        Worker worker = server.worker(ECHO, slow).start()) {
      server.reporting(report -> {
        if (has(report, end -> large.equals(end.output()))) {
          arrived.countDown();
          mayArrive.await();
        }
        return null;
      });
      server.assign("echo", large);
      arrived.await();
      LeaseRef executing = server.assign("slow", "1");
      String started = server.started().runId();
      while (!started.equals(executing.runId())) { // the large one may be reported as started
        started = server.started().runId();
      }
      server.assign("echo", "2");
      assertThat(server.finished().output()).isEqualTo("2");
      mayArrive.countDown();
      assertThat(server.finished().output()).isEqualTo(large);
      mayEnd.countDown();
      assertThat(server.finished().output()).isEqualTo("1");
    }
  }
}
