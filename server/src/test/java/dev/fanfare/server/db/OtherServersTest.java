package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class OtherServersTest {
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1); // the clock may overflow
  private final OtherServers others = new OtherServers(nanos::get);

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Test
  void a_server_that_does_not_listen_cannot_know_that_it_is_alone() {
    pass(OtherServers.REMEMBERED.multipliedBy(10));
    assertThat(others.mayExist()).isTrue();
    assertThat(others.isGreetingDue()).isFalse();
  }

  @Test
  void a_server_is_alone_when_it_has_listened_long_enough_in_vain() {
    others.listening();
    pass(OtherServers.REMEMBERED.minusNanos(1));
    assertThat(others.mayExist()).isTrue();
    pass(Duration.ofNanos(1));
    assertThat(others.mayExist()).isFalse();
    others.heard();
    assertThat(others.mayExist()).isTrue();
  }

  @Test
  void a_server_that_lost_its_connection_is_not_alone_until_it_has_listened_again() {
    others.listening();
    pass(OtherServers.REMEMBERED);
    others.deaf();
    assertThat(others.mayExist()).isTrue();
    others.listening();
    assertThat(others.mayExist()).isTrue();
    pass(OtherServers.REMEMBERED);
    assertThat(others.mayExist()).isFalse();
  }

  @Test
  void greetings_are_sent_at_first_and_then_while_there_may_be_others() {
    others.listening();
    assertThat(others.isGreetingDue()).isTrue();
    others.greeted();
    assertThat(others.isGreetingDue()).isFalse();
    pass(OtherServers.GREETING_INTERVAL);
    assertThat(others.isGreetingDue()).isTrue();
    pass(OtherServers.REMEMBERED);
    assertThat(others.isGreetingDue()).isFalse();
    others.heard();
    assertThat(others.isGreetingDue()).isTrue();
  }
}
