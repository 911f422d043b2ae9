package dev.fanfare.server.db;

import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Signals between two servers of one database. */
@Timeout(120)
class SignalsTest {
  private static final Duration BOUND = Duration.ofSeconds(30);

  @Test
  void notifications_arrive_whatever_else_is_sent_on_the_channel_and_after_a_lost_connection()
      throws Exception {
    try (TestDatabase home = MigratedDatabase.create();
        Database database = MigratedDatabase.open(home, 6);
        Signals here = Signals.start(database);
        Signals there = Signals.start(database);
        Connection connection = home.connect();
        Statement sql = connection.createStatement()) {
      there.ticket(1); // a server hears of environments that it knows
      awaitArrival(here, there);
      for (String text : new String[] {"", "nonsense", "x 1:1 y", "1", "1 ?", "99999999999 1: s"}) {
        sql.execute("select pg_notify('fanfare_ready', '" + text + "')");
      }
      awaitArrival(here, there);
      sql.execute(
          """
          select pg_terminate_backend(pid)
            from pg_stat_activity
           where datname = current_database()
             and pid <> pg_backend_pid()
          """);
      awaitArrival(here, there);
    }
  }

  /** A signal here arrives there. Signals may be lost, so it is sent repeatedly. */
  private static void awaitArrival(Signals here, Signals there) {
    long before = there.ticket(1);
    Await.until(
        "a signal to arrive",
        BOUND,
        () -> {
          here.ready(1, Set.of(5), 1);
          return there.ticket(1) > before;
        });
  }
}
