package dev.fanfare.server.component;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class SweepFailuresTest {
  private final AtomicLong nanos = new AtomicLong();
  private final SweepFailures failures = new SweepFailures(nanos::get);
  private final Logger logger = (Logger) LoggerFactory.getLogger(SweepLoop.class);
  private final ListAppender<ILoggingEvent> appender = new ListAppender<>();
  private final Sweep one = new NoSweep();
  private final Sweep two = new NoSweep();

  private static final class NoSweep implements Sweep {
    @Override
    public Duration interval() {
      return Duration.ZERO;
    }

    @Override
    public DueQuery dueQuery() {
      return DueQuery.of("select 1 as environment_id, now() as at");
    }

    @Override
    public int runOnce(int environmentId, Instant now) {
      return 0;
    }
  }

  @BeforeEach
  void listen() {
    appender.start();
    logger.addAppender(appender);
    logger.setAdditive(false);
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(appender);
    logger.setAdditive(true);
  }

  private List<String> logged() {
    List<String> texts = appender.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    appender.list.clear();
    return texts;
  }

  private void cutOff(Sweep sweep) {
    failures.failed(sweep, new IllegalStateException("Connection refused"), true);
  }

  @Test
  void an_outage_is_logged_once_with_its_end() {
    failures.succeeded(one);
    for (int i = 0; i < 100; i++) {
      cutOff(one);
      cutOff(two);
    }
    assertThat(logged())
        .containsExactly("The database is away; the sweeps try again: Connection refused");
    failures.succeeded(one);
    assertThat(logged()).isEmpty(); // the other one does not reach it yet
    failures.succeeded(two);
    assertThat(logged()).containsExactly("The database is back; the sweeps continue");
    failures.succeeded(one);
    assertThat(logged()).isEmpty();
    cutOff(one);
    assertThat(logged()).hasSize(1);
  }

  @Test
  void an_outage_is_logged_with_its_first_cause() {
    failures.failed(
        one,
        new IllegalStateException("No connection within 10 s", new Exception("Connection refused")),
        true);
    assertThat(logged())
        .containsExactly(
            "The database is away; the sweeps try again: No connection within 10 s: Connection"
                + " refused");
  }

  @Test
  void another_failure_is_logged_when_it_is_new_and_then_once_a_minute() {
    for (int i = 0; i < 100; i++) {
      failures.failed(one, new IllegalStateException("a"), false);
    }
    String first = "NoSweep failed and will run again: java.lang.IllegalStateException: a";
    assertThat(logged()).containsExactly(first);
    failures.failed(one, new IllegalStateException("b"), false);
    assertThat(logged()).hasSize(1);
    nanos.addAndGet(Duration.ofMinutes(1).toNanos());
    failures.failed(one, new IllegalStateException("b"), false);
    assertThat(logged()).hasSize(1);
  }

  @Test
  void a_sweep_that_fails_otherwise_has_reached_the_database() {
    cutOff(one);
    logged();
    failures.failed(one, new IllegalStateException("a"), false);
    assertThat(logged()).contains("The database is back; the sweeps continue");
  }
}
