package dev.fanfare.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.LeaseRef;
import dev.fanfare.protocol.worker.ReportResponse;
import dev.fanfare.protocol.worker.SessionResponse;
import dev.fanfare.sdk.StandInServer.Answer;
import dev.fanfare.sdk.internal.Transport;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever fails around a worker, it continues, and holds no run forever. */
@Timeout(60)
class WorkerHardTimesTest {
  private static final Task<RawJson, RawJson> ECHO =
      Task.define("echo", RawJson.class, RawJson.class).handler((payload, run) -> payload);

  /** An exception whose own message throws. */
  private static final class Silent extends RuntimeException {
    private static final long serialVersionUID = 1;

    @Override
    public String getMessage() {
      throw new StackOverflowError();
    }
  }

  @Test
  void an_exception_whose_message_throws_fails_its_run() {
    Task<RawJson, RawJson> silent =
        Task.define("silent", RawJson.class, RawJson.class)
            .handler((payload, run) -> {
              throw new Silent();
            });
    try (WorkerStandIn server = new WorkerStandIn();
        Worker worker = server.worker(silent, ECHO).slots(1).start()) {
      server.assign("silent", "1");
      Finished failed = server.finished();
      assertThat(failed.error().name()).isEqualTo(Silent.class.getName());
      assertThat(failed.error().message()).contains(StackOverflowError.class.getName());
      server.assign("echo", "2"); // the slot is free again
      assertThat(server.finished().output()).isEqualTo("2");
    }
  }

  @Test
  void a_response_that_is_not_the_servers_ends_the_session_and_not_the_worker() {
    AtomicBoolean odd = new AtomicBoolean(true);
    try (WorkerStandIn server = new WorkerStandIn();
        Worker worker = server.worker(ECHO).start()) {
      server.reporting(report -> odd.getAndSet(false) ? Answer.ok("{\"lost\":[null]}") : null);
      server.assign("echo", "1");
      assertThat(server.opened()).isEqualTo("session_1");
      assertThat(server.opened()).isEqualTo("session_2");
      server.loseSession("session_1"); // its poll was interrupted, and must not take the next run
      server.assign("echo", "2");
      assertThat(server.finished().output()).isEqualTo("2");
    }
  }

  /** The interrupt for the poll of a lapsed session must not reach the poll of the next one. */
  @Test
  void a_run_claimed_right_after_a_session_lapsed_is_executed() {
    try (WorkerStandIn server = new WorkerStandIn(0, Duration.ofMillis(30));
        Worker worker = server.worker(ECHO).start()) {
      for (int round = 1; round <= 30; round++) {
        String session = server.opened();
        server.loseSession(session);
        server.assign("echo", Integer.toString(round));
        assertThat(server.finished().output()).isEqualTo(Integer.toString(round));
      }
    }
  }

  @Test
  void a_cancel_that_arrives_before_its_assignment_cancels_it_and_repeats_do_not_interrupt_again()
      throws Exception {
    AtomicInteger executions = new AtomicInteger();
    AtomicInteger interrupts = new AtomicInteger();
    CountDownLatch mayEnd = new CountDownLatch(1);
    Task<RawJson, RawJson> task =
        Task.define("t", RawJson.class, RawJson.class)
            .handler((payload, run) -> {
              executions.incrementAndGet();
              while (mayEnd.getCount() > 0) {
                try {
                  mayEnd.await();
                } catch (InterruptedException e) {
                  interrupts.incrementAndGet();
                }
              }
              return payload;
            });
    LeaseRef first = new LeaseRef("run_1", 7); // as the stand-in assigns them
    LeaseRef second = new LeaseRef("run_2", 7);
    AtomicReference<List<LeaseRef>> canceled = new AtomicReference<>(List.of(first));
    try (WorkerStandIn server = new WorkerStandIn(0, Duration.ofMillis(150));
        Worker worker = server.worker(task).start()) {
      server.reporting(report -> new ReportResponse(List.of(), List.of(), canceled.get()));
      server.heartbeat();
      server.heartbeat();
      assertThat(server.assign("t", "1")).isEqualTo(first);
      Finished end = server.finished();
      assertThat(end.runId()).isEqualTo(first.runId());
      assertThat(end.canceled()).isTrue();
      assertThat(executions).hasValue(0);
      assertThat(server.assign("t", "2")).isEqualTo(second);
      server.started();
      canceled.set(List.of(second));
      for (int beats = 0; beats < 5; beats++) {
        server.heartbeat();
      }
      mayEnd.countDown();
      assertThat(server.finished().canceled()).isTrue();
      assertThat(interrupts).hasValue(1);
    } finally {
      mayEnd.countDown();
    }
  }

  @Test
  void a_handler_whose_claim_the_server_has_ended_is_interrupted() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    Task<RawJson, RawJson> task =
        Task.define("t", RawJson.class, RawJson.class)
            .handler((payload, run) -> {
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                interrupted.countDown();
              }
              return payload;
            });
    try (WorkerStandIn server = new WorkerStandIn(0, Duration.ofMillis(300));
        Worker worker = server.worker(task, ECHO).slots(1).start()) {
      LeaseRef held = server.assign("t", "1");
      server.started();
      server.reporting(report ->
          report.checked() != null && report.checked().contains(held)
              ? new ReportResponse(List.of(held), List.of(), List.of())
              : null);
      assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
      server.assign("echo", "2"); // the slot is free again, and the outcome was dropped
      assertThat(server.finished().output()).isEqualTo("2");
    }
  }

  @Test
  void a_run_claimed_while_closing_is_handed_back_and_not_executed() throws Exception {
    CountDownLatch began = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    AtomicInteger executions = new AtomicInteger();
    Task<RawJson, RawJson> task =
        Task.define("t", RawJson.class, RawJson.class)
            .handler((payload, run) -> {
              executions.incrementAndGet();
              began.countDown();
              mayEnd.await();
              return payload;
            });
    try (WorkerStandIn server = new WorkerStandIn()) {
      Worker worker = server.worker(task).slots(10).start();
      LeaseRef running = server.assign("t", "1");
      began.await();
      Thread closing = Thread.ofPlatform().start(worker::close);
      while (closing.getState() != Thread.State.TIMED_WAITING) { // it waits for running attempts
        Thread.onSpinWait();
      }
      LeaseRef late = server.assign("t", "2"); // for the poll in flight
      assertThat(server.returned()).isEqualTo(late);
      mayEnd.countDown();
      assertThat(server.finished().runId()).isEqualTo(running.runId());
      closing.join();
      assertThat(executions).hasValue(1);
    }
  }

  @Test
  void a_refused_secret_key_is_retried_until_it_is_accepted() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    CountDownLatch accepted = new CountDownLatch(1);
    StandInServer.Script script =
        request -> {
          if (calls.incrementAndGet() <= 3) {
            return Answer.error(401, "Invalid API Key");
          }
          if (request.method().equals("POST") && request.target().endsWith("/sessions")) {
            accepted.countDown();
            return Answer.ok(
                WireJson.mapper()
                    .writeValueAsString(new SessionResponse("session_1", 60_000, 10, null)));
          }
          return Answer.error(401, "Invalid API Key");
        };
    try (StandInServer server = new StandInServer(script);
        Worker worker = Worker.builder(server.client()).task(ECHO).start()) {
      assertThat(accepted.await(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void a_response_that_stops_halfway_times_out() throws Exception {
    try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread server =
          Thread.ofPlatform()
              .start(() -> {
                try (Socket socket = listening.accept()) {
                  socket
                      .getOutputStream()
                      .write(
                          "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
                              .getBytes(StandardCharsets.US_ASCII));
                  socket.getInputStream().transferTo(OutputStream.nullOutputStream());
                } catch (IOException e) {
                  // the client closed the connection, as it should
                }
              });
      Transport transport =
          new Transport(
              URI.create("http://127.0.0.1:" + listening.getLocalPort()),
              "tr_dev_secret",
              Duration.ofSeconds(5),
              1,
              Duration.ofMillis(300));
      assertThatThrownBy(() -> transport.send(new Transport.Call("GET", "/", null, Map.of())))
          .isInstanceOf(ConnectionException.class)
          .hasMessageContaining("No complete response");
      server.join(Duration.ofSeconds(10));
      assertThat(server.isAlive()).as("the connection is still open").isFalse();
    }
  }
}
