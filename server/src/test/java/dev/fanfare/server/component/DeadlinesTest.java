package dev.fanfare.server.component;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class DeadlinesTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1_000); // it may overflow
  private final Deadlines deadlines = new Deadlines(nanos::get, null);

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private void answer(Map<Integer, Instant> due) {
    deadlines.answered(NOW, nanos.get(), due);
  }

  private static Instant in(long millis) {
    return NOW.plusMillis(millis);
  }

  @Test
  void without_an_answer_nothing_is_due_and_the_database_is_asked() {
    assertThat(deadlines.isOutdated(PATIENCE)).isTrue();
    assertThat(deadlines.take()).isEmpty();
  }

  @Test
  void an_environment_is_due_once_and_at_its_time() {
    answer(Map.of(1, in(-5), 2, in(300), 3, in(Duration.ofDays(200_000).toMillis())));
    assertThat(deadlines.take()).containsExactly(1);
    pass(Duration.ofMillis(299));
    assertThat(deadlines.take()).isEmpty();
    pass(Duration.ofMillis(1));
    assertThat(deadlines.take()).containsExactly(2);
    assertThat(deadlines.now()).isEqualTo(in(300));
    pass(Duration.ofDays(900));
    assertThat(deadlines.take()).isEmpty();
  }

  @Test
  void an_answer_replaces_the_one_before() {
    answer(Map.of(1, in(0), 2, in(0)));
    answer(Map.of(2, in(0)));
    assertThat(deadlines.take()).containsExactly(2);
  }

  @Test
  void what_is_noted_is_due_although_the_database_did_not_say_so() {
    answer(Map.of(1, in(500)));
    deadlines.note(1, in(100));
    deadlines.note(2, in(200));
    deadlines.note(2, in(900));
    pass(Duration.ofMillis(100));
    assertThat(deadlines.take()).containsExactly(1);
    pass(Duration.ofMillis(100));
    assertThat(deadlines.take()).containsExactly(2);
  }

  @Test
  void an_answer_does_not_replace_what_was_noted_since_the_question() {
    answer(Map.of());
    deadlines.note(1, in(100)); // the next answer contains it, or it is gone
    pass(Duration.ofMillis(10));
    long asked = nanos.get();
    pass(Duration.ofMillis(10));
    deadlines.note(2, in(100));
    deadlines.answered(in(20), asked, Map.of());
    pass(Duration.ofMillis(100));
    assertThat(deadlines.take()).containsExactly(2);
  }

  @Test
  void after_a_failure_it_is_due_again_but_not_at_once() throws Exception {
    answer(Map.of(1, in(0)));
    assertThat(deadlines.take()).containsExactly(1);
    deadlines.again(1, Duration.ofSeconds(1));
    pass(Duration.ofMillis(999));
    assertThat(deadlines.take()).isEmpty();
    pass(Duration.ofMillis(1));
    assertThat(deadlines.await(PATIENCE)).isTrue();
    assertThat(deadlines.take()).containsExactly(1);
    pass(PATIENCE);
    assertThat(deadlines.isOutdated(PATIENCE)).isTrue();
  }

  @Test
  void a_closed_one_does_not_wait() throws Exception {
    answer(Map.of());
    deadlines.close();
    assertThat(deadlines.await(Duration.ofHours(1))).isFalse();
  }

  @Test
  void contact_begins_anew_after_a_silence() {
    Contact contact =
        new Contact(Duration.ofSeconds(10), Duration.ofSeconds(3), Duration.ofSeconds(1));
    Deadlines watched = new Deadlines(nanos::get, contact);
    for (int second = 0; second < 10; second++) {
      watched.answered(NOW.plusSeconds(second), nanos.get(), Map.of());
    }
    assertThat(watched.isInContact(NOW.plusSeconds(10))).isTrue();
    assertThat(watched.isInContact(NOW.plusSeconds(60))).isFalse(); // it was frozen
    assertThat(watched.isInContact(NOW.plusSeconds(61))).isFalse();
  }
}
