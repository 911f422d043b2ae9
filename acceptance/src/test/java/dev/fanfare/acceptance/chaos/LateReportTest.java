package dev.fanfare.acceptance.chaos;

import static dev.fanfare.server.config.ServerSettings.POLL_WAIT;
import static dev.fanfare.server.config.ServerSettings.SESSION_LEASE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.protocol.worker.Assignment;
import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.LeaseRef;
import dev.fanfare.protocol.worker.PollRequest;
import dev.fanfare.protocol.worker.PollResponse;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.ReportResponse;
import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.protocol.worker.SessionResponse;
import dev.fanfare.protocol.worker.TaskDefinition;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Run;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.Worker;
import dev.fanfare.testkit.Await;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * HBT-07: a worker that returns after its lease lapsed changes nothing, and the response says so.
 */
@Timeout(60)
class LateReportTest {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Duration LEASE = Duration.ofSeconds(1);

  private final HttpClient http = HttpClient.newHttpClient();
  private LocalServer server;
  private Fanfare fanfare;

  @BeforeEach
  void start() {
    server =
        LocalServer.start(
            c -> c.with(SESSION_LEASE, LEASE).with(POLL_WAIT, Duration.ofMillis(200)));
    fanfare = server.client();
  }

  @AfterEach
  void close() {
    http.close();
    server.close();
  }

  @Test
  void a_worker_cut_off_past_its_lease_drops_its_outcome_and_opens_a_new_session()
      throws Exception {
    AtomicInteger executions = new AtomicInteger();
    CountDownLatch cutOff = new CountDownLatch(1);
    Task<Integer, Integer> count =
        Task.define("count", Integer.class, Integer.class)
            .handler((payload, run) -> {
              int execution = executions.incrementAndGet();
              cutOff.await();
              return execution;
            });
    try (BrokenWire wire = new BrokenWire(server.port());
        Worker worker = Worker.builder(LocalServer.client(wire.port())).task(count).start()) {
      String run = fanfare.trigger(count, 0).id();
      Await.until("the run to execute", SOON, () -> status(run) == RunStatus.EXECUTING);
      long opened = lastOpened();
      wire.hold();
      Await.until("the run to be taken back", SOON, () -> status(run) == RunStatus.QUEUED);
      cutOff.countDown(); // the first execution ends, and its report is held in the proxy
      wire.release();

      Run ended = fanfare.runs().await(run, SOON);
      assertThat(ended.status()).isEqualTo(RunStatus.COMPLETED);
      assertThat(ended.output().text()).as("output of the second execution").isEqualTo("2");
      assertThat(executions).hasValue(2);
      assertThat(lastOpened()).as("when the worker opened its last session").isGreaterThan(opened);
    }
  }

  @Test
  void a_report_of_a_lapsed_session_gets_410_gone() throws Exception {
    String run = fanfare.trigger("late", 0).id();
    SessionResponse session = open();
    Assignment claim = poll(session);
    Await.until("the run to be taken back", SOON, () -> status(run) == RunStatus.QUEUED);

    assertThat(post(session, "/reports", report(claim.fence(), run)).statusCode()).isEqualTo(410);
    assertThat(status(run)).isEqualTo(RunStatus.QUEUED);
  }

  @Test
  void a_report_under_an_old_fence_is_lost_and_does_not_disturb_the_holder() throws Exception {
    String run = fanfare.trigger("late", 0).id();
    Assignment first = poll(open());
    Await.until("the run to be taken back", SOON, () -> status(run) == RunStatus.QUEUED);
    SessionResponse session = open();
    Assignment second = poll(session);
    assertThat(second.fence()).isGreaterThan(first.fence());

    assertThat(answer(post(session, "/reports", report(first.fence(), run))).lost())
        .containsExactly(new LeaseRef(run, first.fence()));
    assertThat(status(run).isFinal()).isFalse();
    assertThat(answer(post(session, "/reports", report(second.fence(), run))).lost()).isEmpty();
    assertThat(status(run)).isEqualTo(RunStatus.COMPLETED);
  }

  /** When the last session was opened, in microseconds since 1970. */
  private long lastOpened() throws SQLException {
    return server.number("select extract(epoch from max(opened_at)) * 1000000 from sessions");
  }

  private RunStatus status(String run) {
    return fanfare.runs().retrieve(run).status();
  }

  private SessionResponse open() throws Exception {
    SessionRequest request =
        new SessionRequest(
            "late", "1", 1, List.of(new TaskDefinition("late", null, null, null, null)));
    HttpResponse<String> opened = post("/worker/v1/sessions", request);
    return WireJson.mapper().readValue(opened.body(), SessionResponse.class);
  }

  private Assignment poll(SessionResponse session) throws Exception {
    HttpResponse<String> polled = post(session, "/poll", new PollRequest(1));
    return WireJson.mapper().readValue(polled.body(), PollResponse.class).assignments().getFirst();
  }

  private static ReportRequest report(long fence, String run) {
    Finished end = new Finished(run, fence, 1, 5, "\"late\"", null, null, true, false);
    return new ReportRequest(List.of(), List.of(end), List.of());
  }

  private static ReportResponse answer(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return WireJson.mapper().readValue(response.body(), ReportResponse.class);
  }

  private HttpResponse<String> post(SessionResponse session, String path, Object body)
      throws Exception {
    return post("/worker/v1/sessions/" + session.sessionId() + path, body);
  }

  private HttpResponse<String> post(String path, Object body) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
            .header("Authorization", "Bearer " + LocalServer.key())
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(WireJson.mapper().writeValueAsBytes(body)))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
