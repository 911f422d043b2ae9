package dev.fanfare.acceptance.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Run;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.Worker;
import dev.fanfare.testkit.Await;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A proxy that cuts requests in their middle delays them, and changes no result. */
@Timeout(120)
class CutRequestsTest {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Task<String, String> ECHO =
      Task.define("echo", String.class, String.class).handler((payload, run) -> payload);

  private final LocalServer server = LocalServer.start(config -> config);
  private final Fanfare fanfare = server.client();

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void a_report_cut_anywhere_ends_its_run_with_its_output() throws Exception {
    AtomicInteger executions = new AtomicInteger();
    Task<String, String> count =
        Task.define("count", String.class, String.class)
            .handler((payload, run) -> {
              executions.incrementAndGet();
              return payload + "o".repeat(200);
            });
    int cuts = 0;
    try (BrokenWire wire = new BrokenWire(server.port());
        Worker worker = Worker.builder(LocalServer.client(wire.port())).task(count).start()) {
      for (int bytes = 1; bytes < 700; bytes += 13) {
        wire.cutRequest("/reports ", bytes);
        Run run = fanfare.runs().await(fanfare.trigger(count, "o").id(), SOON);
        assertThat(run.status())
            .as("cut after %d bytes: %s", bytes, run.error())
            .isEqualTo(RunStatus.COMPLETED);
        assertThat(run.attemptCount()).isEqualTo(1);
        cuts++;
      }
    }
    assertThat(executions).hasValue(cuts);
  }

  @Test
  void a_trigger_cut_anywhere_triggers_once() throws Exception {
    try (BrokenWire wire = new BrokenWire(server.port());
        Worker worker = Worker.builder(fanfare).task(ECHO).start()) {
      Fanfare cut = LocalServer.client(wire.port());
      int runs = 0;
      for (int bytes = 1; bytes < 600; bytes += 29) {
        wire.cutRequest("POST ", bytes);
        String id = cut.trigger(ECHO, "p".repeat(200)).id();
        Await.until("the request to be cut", SOON, wire::hasCut);
        assertThat(fanfare.runs().await(id, SOON).status()).isEqualTo(RunStatus.COMPLETED);
        runs++;
      }
      assertThat(server.number("select count(*) from runs")).isEqualTo(runs);
    }
  }
}
