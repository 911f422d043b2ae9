package dev.fanfare.server.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.protocol.TimeOrderedIds;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RunRangesTest {
  private final TimeOrderedIds ids = new TimeOrderedIds(InstantSource.system());

  @Test
  void ids_that_follow_each_other_are_one_range_and_others_stay_in_order() {
    List<UUID> own = ids.range(5);
    UUID older = ids.next();
    List<UUID> all = new ArrayList<>(own.subList(0, 3));
    all.add(older);
    all.add(older);
    all.addAll(own.subList(3, 5));

    RunRanges ranges = RunRanges.of(all);
    assertThat(ranges).isEqualTo(all);
    assertThat(ranges.firstIds()).containsExactly(own.get(0), older, older, own.get(3));
    assertThat(ranges.lastIds()).containsExactly(own.get(2), older, older, own.get(4));
    assertThat(RunRanges.of(ranges.firstIds(), ranges.lastIds())).isEqualTo(all);
    assertThat(RunRanges.of(all, null)).isEqualTo(all);
    assertThatThrownBy(() -> ranges.get(7)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void a_million_ids_that_follow_each_other_are_one_range() {
    UUID first = ids.next();
    RunRanges.Builder builder = new RunRanges.Builder();
    for (int i = 0; i < 1_000_000; i += 20_000) {
      builder.add(TimeOrderedIds.after(first, i), 20_000);
    }
    RunRanges ranges = builder.build();
    assertThat(ranges.firstIds()).containsExactly(first);
    assertThat(ranges.size()).isEqualTo(1_000_000);
    assertThat(ranges.getLast()).isEqualTo(TimeOrderedIds.after(first, 999_999));
    assertThat(RunRanges.of(List.of())).isEmpty();
  }
}
