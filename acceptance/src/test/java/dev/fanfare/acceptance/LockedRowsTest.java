package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.DATABASE_CONNECTIONS;
import static dev.fanfare.server.config.ServerSettings.SESSION_LEASE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.TestServer.Reply;
import dev.fanfare.testkit.Await;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What somebody else's transaction, or a frozen server's, can do by keeping its locks. */
class LockedRowsTest {
  private static final String TRIGGER = "/api/v1/tasks/echo/trigger";
  private static final Duration LEASE = Duration.ofSeconds(4);

  /** Longer than a lease, and longer than a statement waits for a lock. */
  private static final int HEARTBEATS = 7;

  @Test
  void sessions_outlive_locks_that_stop_all_triggers() throws Exception {
    try (TestServer server =
            TestServer.start(
                config -> config.with(DATABASE_CONNECTIONS, 8).with(SESSION_LEASE, LEASE));
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Connection other = server.database.connect();
        Statement statement = other.createStatement()) {
      String worker =
          "{\"name\":\"w\",\"version\":\"1\",\"slots\":1,\"tasks\":[{\"id\":\"echo\"}]}";
      String session =
          "/worker/v1/sessions/"
              + server.post("/worker/v1/sessions", worker).json().get("sessionId").asString();
      other.setAutoCommit(false);
      statement.execute("lock table fanfare.runs in access exclusive mode");
      List<Future<Reply>> triggers = new ArrayList<>();
      // Each batch occupies a connection; single triggers would share one.
      for (int i = 0; i < 40; i++) {
        triggers.add(
            threads.submit(
                () -> server.post("/api/v1/tasks/batch", "{\"items\":[{\"task\":\"echo\"}]}")));
      }
      List<Future<Reply>> heartbeats = new ArrayList<>();
      for (int i = 0; i < HEARTBEATS; i++) {
        long begin = System.nanoTime();
        Await.until(
            "a second of a busy worker",
            Duration.ofSeconds(30),
            () -> System.nanoTime() - begin > Duration.ofSeconds(1).toNanos());
        heartbeats.add(threads.submit(() -> server.post(session + "/reports", "{}")));
      }
      for (Future<Reply> heartbeat : heartbeats) {
        assertThat(heartbeat.get().status()).as(heartbeat.get().text()).isIn(200, 503);
      }
      for (Future<Reply> trigger : triggers) {
        Reply refused = trigger.get();
        assertThat(refused.status()).as(refused.text()).isEqualTo(503);
        assertThat(refused.header("Retry-After")).isEqualTo("1");
      }
      other.rollback();
      assertThat(server.post(TRIGGER, "{}").status()).isEqualTo(200);
      assertThat(server.post(session + "/reports", "{}").status()).isEqualTo(200);
    }
  }
}
