package dev.fanfare.acceptance.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.chaos.BrokenWire.Verdict;
import dev.fanfare.sdk.BatchHandle;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.RunFilter;
import dev.fanfare.sdk.RunPage;
import dev.fanfare.sdk.Task;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** All kept connections of a client are dead, as after the restart of a firewall. */
@Timeout(120)
class DeadConnectionsTest {
  private static final int CONNECTIONS = 5;

  /** Half of it is for the first try, which takes one of the dead connections. */
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(20);

  private static final Task<Integer, Integer> ECHO =
      Task.define("echo", Integer.class, Integer.class).handler((payload, run) -> payload);

  @Test
  void the_second_try_of_a_call_takes_a_new_connection() throws Exception {
    try (LocalServer server = LocalServer.start(UnaryOperator.identity());
        BrokenWire wire = new BrokenWire(server.port())) {
      Fanfare fanfare =
          Fanfare.builder()
              .url("http://127.0.0.1:" + wire.port())
              .secretKey(LocalServer.key())
              .callTimeout(CALL_TIMEOUT)
              .build();
      openConnections(wire, fanfare);
      wire.abandon();
      BatchHandle batch = fanfare.batchTrigger(ECHO, List.of(1, 2));
      assertThat(fanfare.batches().retrieve(batch.id()).runIds()).hasSize(2);
      assertThat(server.number("select count(*) from runs")).isEqualTo(2);
    }
  }

  /** Lets calls overlap, so that each needs a connection of its own. */
  private static void openConnections(BrokenWire wire, Fanfare fanfare) throws Exception {
    CountDownLatch all = new CountDownLatch(CONNECTIONS);
    wire.disturb((request, bytes) -> {
      if (request) {
        all.countDown();
        all.await();
      }
      return Verdict.PASS;
    });
    List<CompletableFuture<RunPage>> calls =
        Stream.generate(() -> fanfare.async(f -> f.runs().page(RunFilter.all(), null)))
            .limit(CONNECTIONS)
            .toList();
    for (CompletableFuture<RunPage> call : calls) {
      call.get(CALL_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    }
    wire.settle();
  }
}
