package dev.fanfare.server.lease;

import dev.fanfare.server.queue.ReadyStore.ClaimableLane;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Shares a number of slots among lanes so that none is starved by a deep one: every lane gets the
 * same, a lane that has less gives the rest to the others.
 */
final class Quotas {
  private Quotas() {}

  /** How many to take of each lane, in order; together at most {@code slots}. */
  static int[] share(List<ClaimableLane> lanes, int slots) {
    int[] quotas = new int[lanes.size()];
    int[] wanted = lanes.stream().mapToInt(Quotas::wanted).toArray();
    int left = slots;
    while (left > 0) {
      int hungry = count(quotas, wanted);
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

  private static int wanted(ClaimableLane lane) {
    return lane.room() == null ? lane.depth() : Math.min(lane.depth(), lane.room());
  }

  private static int count(int[] quotas, int[] wanted) {
    return (int) IntStream.range(0, quotas.length).filter(i -> quotas[i] < wanted[i]).count();
  }

  static int sum(int[] quotas) {
    return Arrays.stream(quotas).sum();
  }

  /** Which lane is the last that gets something; only when one does. */
  static int lastServed(int[] quotas) {
    int last = quotas.length - 1;
    while (quotas[last] == 0) {
      last--;
    }
    return last;
  }
}
