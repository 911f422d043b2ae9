package dev.fanfare.server.component;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ContactTest {
  private static final Duration NEEDED = Duration.ofSeconds(10);
  private static final Duration INTERVAL = Duration.ofMillis(250);
  private static final Duration GAP_MAX = Duration.ofSeconds(3);

  private Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final Contact contact = new Contact(NEEDED, GAP_MAX, INTERVAL);

  /** Reads the clock at this distance for so long; returns whether contact lasted at the end. */
  private boolean read(Duration distance, Duration span) {
    boolean lasts = false;
    Instant end = now.plus(span);
    while (now.isBefore(end)) {
      now = now.plus(distance);
      lasts = contact.lastsAt(now);
    }
    return lasts;
  }

  private void assertLastsOnlyAfterAWhile() {
    assertThat(read(INTERVAL, NEEDED.minus(INTERVAL))).isFalse();
    assertThat(read(INTERVAL, INTERVAL.multipliedBy(2))).isTrue();
  }

  @Test
  void a_server_that_starts_has_no_contact_yet() {
    assertThat(contact.lastsAt(now)).isFalse();
    assertLastsOnlyAfterAWhile();
  }

  @Test
  void a_failure_ends_it() {
    read(INTERVAL, NEEDED.multipliedBy(2));
    contact.breakOff();
    now = now.plusSeconds(1);
    assertThat(contact.lastsAt(now)).isFalse();
    assertLastsOnlyAfterAWhile();
  }

  @Test
  void a_frozen_database_or_server_ends_it_although_nothing_failed() {
    for (Duration frozen : new Duration[] {Duration.ofSeconds(5), Duration.ofDays(2)}) {
      read(INTERVAL, NEEDED.multipliedBy(2));
      now = now.plus(frozen);
      assertThat(contact.lastsAt(now)).isFalse();
      assertLastsOnlyAfterAWhile();
    }
  }

  @Test
  void another_clock_ends_it() {
    read(INTERVAL, NEEDED.multipliedBy(2));
    now = now.minusSeconds(1);
    assertThat(contact.lastsAt(now)).isFalse();
    assertLastsOnlyAfterAWhile();
  }

  @Test
  void a_short_delay_does_not() {
    read(INTERVAL, NEEDED.multipliedBy(2));
    now = now.plus(GAP_MAX);
    assertThat(contact.lastsAt(now)).isTrue();
  }

  @Test
  void a_database_that_is_always_slow_does_not() {
    assertThat(read(Duration.ofSeconds(20), Duration.ofMinutes(5))).isTrue();
    assertThat(read(Duration.ofSeconds(20), Duration.ofHours(1))).isTrue();
  }

  @Test
  void a_rare_sweep_does_not() {
    Contact rare = new Contact(NEEDED, GAP_MAX, Duration.ofMinutes(1));
    rare.lastsAt(now);
    assertThat(rare.lastsAt(now.plus(Duration.ofMinutes(1)))).isTrue();
  }
}
