package dev.fanfare.server.lease;

import dev.fanfare.server.queue.ReadyStore.ClaimableLane;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Shares the free slots of a session among lanes, so that a deep lane does not starve the others:
 * every lane gets the same number, and what a shallow lane leaves goes to the others.
 */
final class Quotas {
  private Quotas() {}

  /** Returns how many runs to take from each lane, in order; in total at most {@code slots}. */
  static int[] share(List<ClaimableLane> lanes, int slots) {
    int[] quotas = new int[lanes.size()];
    int[] wanted = lanes.stream().mapToInt(Quotas::wanted).toArray();
    int left = slots;
    while (left > 0) {
      int hungry = countHungry(quotas, wanted);
      if (hungry == 0) {
        break;
      }
      int each = Math.max(1, left / hungry);
      for (int i = 0; i < quotas.length && left > 0; i++) {
        int more = Math.min(Math.min(each, wanted[i] - quotas[i]), left);
        quotas[i] += more;
        left -= more;
      }
    }
    return quotas;
  }

  /** How many runs of a lane can be claimed now. */
  static int wanted(ClaimableLane lane) {
    return lane.freeSlots() == null ? lane.depth() : Math.min(lane.depth(), lane.freeSlots());
  }

  private static int countHungry(int[] quotas, int[] wanted) {
    return (int) IntStream.range(0, quotas.length).filter(i -> quotas[i] < wanted[i]).count();
  }

  static int sum(int[] quotas) {
    return Arrays.stream(quotas).sum();
  }

  /** Returns the index of the last lane with a quota; at least one must have one. */
  static int lastServed(int[] quotas) {
    int last = quotas.length - 1;
    while (quotas[last] == 0) {
      last--;
    }
    return last;
  }
}
