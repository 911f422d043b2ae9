package dev.fanfare.acceptance.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fanfare.acceptance.MigratedDatabase;
import dev.fanfare.acceptance.chaos.BrokenWire.Verdict;
import dev.fanfare.acceptance.chaos.Processes.Serving;
import dev.fanfare.examples.DemoTasks;
import dev.fanfare.examples.DemoTasks.Nap;
import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.TestDatabase;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * One of two servers freezes inside a transaction that holds locks, which PostgreSQL takes from it
 * after 15 seconds. The other server goes on. For a longer freeze: {@code
 * -Dfanfare.freeze.server=40s}.
 */
@Timeout(600)
class FrozenServerTest {
  private static final Duration FROZEN =
      Duration.parse("PT" + System.getProperty("fanfare.freeze.server", "20s"));

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration DONE = Duration.ofSeconds(180);

  /** PostgreSQL ends an idle transaction after 15 s; a busy machine needs more. */
  private static final Duration LOCKED_MAX = Duration.ofSeconds(40);

  private static final int RUNS = 1_000;
  private static final int SLOTS = 10;
  private static final Nap NAP = new Nap(300);

  /** Slows the transactions of the first server down, so that it is often inside one. */
  private static final Duration LATENCY = Duration.ofMillis(10);

  /**
   * The first server's transactions that have written, and stand still. None of them has the lock
   * of a batch: that is taken in the same round trip as the commit.
   */
  private static final String HOLDING =
      """
      select count(*) from pg_stat_activity
       where application_name = 'first'
         and datname = current_database()
         and state = 'idle in transaction'
         and backend_xid is not null
      """;

  @TempDir Path folder;
  private final Processes processes = new Processes().set("FANFARE_SESSION_LEASE", "6s");
  private TestDatabase database;
  private BrokenWire wire;
  private LeaseHistory history;

  @BeforeEach
  void needSignals() {
    assumeTrue(Files.isDirectory(Path.of("/proc/self")), "signals and /proc are Linux's");
  }

  @AfterEach
  void close() throws Exception {
    processes.close();
    wire.close();
    database.close();
  }

  @Test
  void while_a_server_is_frozen_with_locks_the_other_one_serves() throws Exception {
    database = MigratedDatabase.create();
    URI direct = URI.create(database.jdbcUrl().substring("jdbc:".length()));
    wire = new BrokenWire(direct.getPort());
    Serving first = server("first", wire.port(), direct);
    Serving second = server("second", direct.getPort(), direct);
    history = LeaseHistory.install(database::connect);
    processes.worker("first worker", first, SLOTS);
    processes.worker("second worker", second, SLOTS);
    first.client().batchTrigger(DemoTasks.SLOW, Collections.nCopies(RUNS, NAP));
    try (ImpatientClients clients = ImpatientClients.triggering(second.url(), Processes.KEY, 2);
        ImpatientClients lists = ImpatientClients.reading(second.url(), Processes.KEY, 1)) {
      clients.awaitEachServed(SOON);
      wire.disturb((request, bytes) -> {
        Draw.sleep(LATENCY);
        return Verdict.PASS;
      });
      Await.until("runs to end", SOON, () -> ended() > 2 * SLOTS);
      freezeHolding(first.jvm());
      long endedBefore = ended();
      clients.forgetGaps();
      lists.forgetGaps();
      Progress reports = new Progress();
      long until = System.nanoTime() + FROZEN.toNanos();
      while (System.nanoTime() < until) {
        reports.note(ended());
        TimeUnit.MILLISECONDS.sleep(20);
      }
      Await.until(
          "the other worker's runs to end",
          LOCKED_MAX,
          () -> {
            reports.note(ended());
            return ended() > endedBefore + 2 * SLOTS;
          });
      System.out.printf(
          "A server was frozen with locks for %s s. The other one stored no trigger for at most"
              + " %s ms, read nothing for %s ms, and ended no run of the same batch for %s ms%n",
          FROZEN.toSeconds(),
          clients.longestGap().toMillis(),
          lists.longestGap().toMillis(),
          reports.longestGap().toMillis());
      assertThat(clients.longestGap()).isLessThan(LOCKED_MAX);
      assertThat(lists.longestGap()).isLessThan(LOCKED_MAX);
      assertThat(reports.longestGap()).isLessThan(LOCKED_MAX);
      first.jvm().thaw();
      wire.settle();
      clients.awaitEachServed(SOON);
      assertThat(clients.surprises()).isEmpty();
      assertThat(lists.surprises()).isEmpty();
    }
    try (ImpatientClients again = ImpatientClients.triggering(first.url(), Processes.KEY, 1)) {
      again.awaitEachServed(SOON);
    }
    history.awaitAllDone(DONE, processes);
    history.assertAllCompletedOnce();
    history.assertOneHolderAtATime();
  }

  private Serving server(String name, int port, URI database) throws Exception {
    String url =
        "jdbc:postgresql://127.0.0.1:%s%s?user=%s&password=%s&ApplicationName=%s"
            .formatted(
                port, database.getPath(), this.database.user(), this.database.password(), name);
    return processes.server(name, folder.resolve(name), Map.of("FANFARE_DATABASE_URL", url));
  }

  /** The number of the batch's runs that have ended. */
  private long ended() throws Exception {
    return history.number("select item_count - open_runs from batches");
  }

  /** Freezes a server at a moment when it holds locks of rows that it has written. */
  private void freezeHolding(Jvm server) {
    Await.until(
        "the server to hold locks when it is frozen",
        SOON,
        () -> {
          server.freeze();
          Draw.sleep(LATENCY.multipliedBy(5)); // what is on the wire arrives
          if (history.number(HOLDING) > 0) {
            return true;
          }
          server.thaw();
          return false;
        });
  }

  /** How long a number did not grow at most. */
  private static final class Progress {
    private long grownNanos = System.nanoTime();
    private long longestNanos;
    private long last = -1;

    void note(long number) {
      long now = System.nanoTime();
      longestNanos = Math.max(longestNanos, now - grownNanos);
      if (number > last) {
        last = number;
        grownNanos = now;
      }
    }

    Duration longestGap() {
      return Duration.ofNanos(longestNanos);
    }
  }
}
