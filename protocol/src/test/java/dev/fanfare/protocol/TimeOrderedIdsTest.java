package dev.fanfare.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TimeOrderedIdsTest {
  private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");

  private final AtomicReference<Instant> now = new AtomicReference<>(NOON);
  private final TimeOrderedIds ids = new TimeOrderedIds(clock());

  private InstantSource clock() {
    return now::get;
  }

  private static long millis(UUID id) {
    return id.getMostSignificantBits() >>> 16;
  }

  @Test
  void an_id_is_a_uuid_of_version_7_with_the_time() {
    UUID id = ids.next();
    assertThat(id.version()).isEqualTo(7);
    assertThat(id.variant()).isEqualTo(2);
    assertThat(millis(id)).isEqualTo(NOON.toEpochMilli());
  }

  @Test
  void ids_grow_within_a_millisecond_and_beyond_its_counter() {
    List<UUID> made = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      made.add(ids.next());
    }
    assertThat(made).isSortedAccordingTo(Comparator.comparing(UUID::toString));
    assertThat(made).doesNotHaveDuplicates();
    assertThat(millis(made.getLast()))
        .isBetween(millis(made.getFirst()), millis(made.getFirst()) + 3);
  }

  @Test
  void ids_grow_when_the_clock_steps_back_and_follow_it_when_it_goes_on() {
    List<UUID> made = new ArrayList<>();
    for (int seconds : List.of(0, 5, -3600, -3599, 4, 6, 7)) {
      now.set(NOON.plusSeconds(seconds));
      made.add(ids.next());
    }
    assertThat(made).isSortedAccordingTo(Comparator.comparing(UUID::toString));
    assertThat(millis(made.getLast())).isEqualTo(NOON.plusSeconds(7).toEpochMilli());
  }

  @Test
  void threads_never_get_the_same_id() {
    Set<UUID> made = ConcurrentHashMap.newKeySet();
    IntStream.range(0, 20_000).parallel().forEach(i -> made.add(ids.next()));
    assertThat(made).hasSize(20_000);
  }
}
