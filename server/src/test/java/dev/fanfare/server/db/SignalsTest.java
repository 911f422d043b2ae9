package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.fanfare.testkit.Await;
import dev.fanfare.testkit.DatabaseProxy;
import dev.fanfare.testkit.TestDatabase;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.LoggerFactory;

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

  @Test
  void a_server_that_is_alone_sends_no_signals_until_another_one_starts() throws Exception {
    AtomicLong nanos = new AtomicLong();
    try (TestDatabase home = MigratedDatabase.create();
        Database database = MigratedDatabase.open(home, 6);
        Connection connection = home.connect();
        Statement sql = connection.createStatement()) {
      sql.execute("listen fanfare_ready");
      try (Signals here = Signals.start(database, nanos::get)) {
        List<String> messages = new ArrayList<>();
        awaitMessage("here ", connection, messages, () -> {});
        awaitMessage("1 ", connection, messages, () -> here.ready(1, Set.of(5), 1));
        nanos.addAndGet(OtherServers.REMEMBERED.toNanos());
        here.ready(2, Set.of(5), 1);
        try (Signals there = Signals.start(database)) {
          awaitMessage("3 ", connection, messages, () -> here.ready(3, Set.of(5), 1));
        }
        assertThat(messages).noneMatch(message -> message.startsWith("2 "));
      }
    }
  }

  /** Repeats a step until a message has arrived that begins like this. */
  private static void awaitMessage(
      String begin, Connection connection, List<String> messages, Runnable step) {
    Await.until(
        "a message " + begin,
        BOUND,
        () -> {
          step.run();
          messages.addAll(receive(connection));
          return messages.stream().anyMatch(message -> message.startsWith(begin));
        });
  }

  private static List<String> receive(Connection connection) throws SQLException {
    return Stream.of(connection.unwrap(PGConnection.class).getNotifications(10))
        .map(PGNotification::getParameter)
        .toList();
  }

  @Test
  void a_signal_that_an_outage_held_up_is_sent_after_it() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(Signals.class);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    try (TestDatabase home = MigratedDatabase.create();
        DatabaseProxy proxy = DatabaseProxy.start(direct(home).getPort());
        Database near = MigratedDatabase.open(home, 6);
        Database far =
            Database.open(
                new DatabaseAddress(
                    "jdbc:postgresql://127.0.0.1:" + proxy.port() + direct(home).getPath(),
                    home.user(),
                    home.password()),
                2,
                Duration.ofSeconds(2),
                MigratedDatabase.RANGES);
        Signals here = Signals.start(far);
        Signals there = Signals.start(near)) {
      there.ticket(1);
      awaitArrival(here, there);
      awaitSilence(there);
      proxy.refuse();
      long before = there.ticket(1);
      logger.addAppender(log);
      here.ready(1, Set.of(5), 1);
      Await.until("a failure", BOUND, () -> logged(log).anyMatch(t -> t.startsWith("Cannot no")));
      proxy.accept();
      Await.until("the signal to arrive", BOUND, () -> there.ticket(1) > before);
    } finally {
      logger.detachAppender(log);
    }
  }

  /** Waits until the signals that were sent have arrived. */
  private static void awaitSilence(Signals there) {
    long[] last = {-1, 0};
    Await.until(
        "the signals to arrive",
        BOUND,
        () -> {
          if (there.ticket(1) != last[0]) {
            last[0] = there.ticket(1);
            last[1] = System.nanoTime();
          }
          return System.nanoTime() - last[1] > Duration.ofSeconds(1).toNanos();
        });
  }

  private static URI direct(TestDatabase home) {
    return URI.create(home.jdbcUrl().substring("jdbc:".length()));
  }

  private static Stream<String> logged(ListAppender<ILoggingEvent> log) {
    return List.copyOf(log.list).stream().map(ILoggingEvent::getFormattedMessage);
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
