package dev.fanfare.acceptance.chaos;

import static dev.fanfare.server.config.ServerSettings.SESSION_LEASE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.RunHandle;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.Worker;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A worker whose slots are all taken, so that it does not poll. */
@Timeout(120)
class BusyWorkerTest {
  private static final Duration BOUND = Duration.ofSeconds(60);

  /** A third of it, after which a heartbeat is due in any case, is longer than the test. */
  private static final Duration LEASE = Duration.ofMinutes(10);

  @Test
  void CAN_09_a_worker_without_a_free_slot_learns_of_a_cancel() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    Task<Integer, Integer> endless =
        Task.define("endless", Integer.class, Integer.class)
            .handler((payload, run) -> {
              started.countDown();
              try {
                new CountDownLatch(1).await();
              } catch (InterruptedException e) {
                interrupted.countDown();
              }
              return payload;
            });
    try (LocalServer server = LocalServer.start(config -> config.with(SESSION_LEASE, LEASE))) {
      Fanfare fanfare = server.client();
      try (Worker _ = Worker.builder(fanfare).task(endless).slots(1).start()) {
        RunHandle run = fanfare.trigger(endless, 1);
        assertThat(started.await(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
        fanfare.runs().cancel(run.id());
        assertThat(interrupted.await(BOUND.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(fanfare.runs().await(run.id(), BOUND).status()).isEqualTo(RunStatus.CANCELED);
      }
    }
  }
}
