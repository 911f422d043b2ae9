package dev.fanfare.server.lease;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.queue.ReadyStore.ClaimableLane;
import dev.fanfare.testkit.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuotasTest {
  private static ClaimableLane lane(int depth) {
    return lane(depth, null);
  }

  private static ClaimableLane lane(int depth, Integer freeSlots) {
    return new ClaimableLane(
        1, 1, 0, "echo", "task/echo", 3, null, depth, List.of(depth), freeSlots);
  }

  @Test
  void lanes_share_the_slots_equally() {
    assertThat(Quotas.share(List.of(lane(100), lane(100), lane(100)), 9)).containsExactly(3, 3, 3);
  }

  @Test
  void slots_that_a_short_lane_cannot_use_go_to_the_others() {
    assertThat(Quotas.share(List.of(lane(100), lane(1), lane(100)), 9)).containsExactly(4, 1, 4);
  }

  @Test
  void a_lane_gets_no_more_slots_than_its_queue_has_free() {
    assertThat(Quotas.share(List.of(lane(100, 2), lane(100, 0), lane(100)), 9))
        .containsExactly(2, 0, 7);
  }

  @Test
  void with_fewer_slots_than_lanes_the_first_lanes_get_one_each() {
    int[] quotas = Quotas.share(List.of(lane(5), lane(5), lane(5)), 2);
    assertThat(quotas).containsExactly(1, 1, 0);
    assertThat(Quotas.lastServed(quotas)).isEqualTo(1);
  }

  @Test
  void without_runs_or_slots_every_quota_is_zero() {
    assertThat(Quotas.share(List.of(), 5)).isEmpty();
    assertThat(Quotas.sum(Quotas.share(List.of(lane(0), lane(5, 0)), 5))).isZero();
    assertThat(Quotas.sum(Quotas.share(List.of(lane(3)), 0))).isZero();
  }

  @Test
  void no_slot_is_wasted_and_a_lane_with_runs_left_is_at_most_one_slot_behind() {
    Seed.run(random -> {
      for (int round = 0; round < 3_000; round++) {
        List<ClaimableLane> lanes = new ArrayList<>();
        int count = random.nextInt(1, 70);
        for (int i = 0; i < count; i++) {
          lanes.add(lane(random.nextInt(20), random.nextBoolean() ? random.nextInt(20) : null));
        }
        int slots = random.nextInt(0, 300);
        int[] quotas = Quotas.share(lanes, slots);
        int[] wanted =
            lanes.stream()
                .mapToInt(
                    l -> l.freeSlots() == null ? l.depth() : Math.min(l.depth(), l.freeSlots()))
                .toArray();
        assertThat(Quotas.sum(quotas)).isEqualTo(Math.min(slots, Arrays.stream(wanted).sum()));
        int most = Arrays.stream(quotas).max().orElseThrow();
        for (int i = 0; i < count; i++) {
          assertThat(quotas[i]).isBetween(0, wanted[i]);
          assertThat(quotas[i] == wanted[i] || quotas[i] >= most - 1).isTrue();
        }
      }
    });
  }
}
