package dev.fanfare.acceptance.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Retry;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.Worker;
import dev.fanfare.testkit.Await;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** HBT-12: a worker holds few runs, even if they all fail at once and wait for another attempt. */
@Timeout(120)
class HoardTest {
  private static final int SLOTS = 10;
  private static final int RUNS = 1_000;

  @Test
  void a_worker_whose_runs_all_fail_holds_at_most_twice_as_many_as_it_has_slots() throws Exception {
    try (LocalServer server = LocalServer.start(UnaryOperator.identity())) {
      LeaseHistory.install(server::connect);
      Fanfare fanfare = server.client();
      AtomicInteger executions = new AtomicInteger();
      Task<Integer, Integer> failing =
          Task.define("failing", Integer.class, Integer.class)
              .retry(
                  Retry.exponential()
                      .maxAttempts(100)
                      .minDelay(Duration.ofSeconds(4))
                      .jitter(false))
              .handler((payload, run) -> {
                executions.incrementAndGet();
                throw new IllegalStateException("the service is down");
              });
      try (Worker worker = Worker.builder(fanfare).task(failing).slots(SLOTS).start()) {
        fanfare.batchTrigger(failing, Collections.nCopies(RUNS, 1));
        Await.until("many attempts", Duration.ofSeconds(60), () -> executions.get() >= 200);
      }
      assertThat(
              server.number(
                  """
                  select max(n)
                    from (select sum(case when held then 1 else -1 end) over (order by step) as n
                            from lease_history) as h
                  """))
          .isBetween(1L, 2L * SLOTS);
    }
  }
}
