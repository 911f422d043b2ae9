package dev.fanfare.server.batch;

import dev.fanfare.protocol.TimeOrderedIds;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The ids of the runs of a batch, in item order, as ranges of ids that follow each other. A batch
 * whose runs were created for it has one range, however many there are. Immutable.
 */
final class RunRanges extends AbstractList<UUID> implements RandomAccess {
  private final List<UUID> firstIds;
  private final int[] starts; // the index of the first id of each range, and the size

  private RunRanges(List<UUID> firstIds, int[] starts) {
    this.firstIds = firstIds;
    this.starts = starts;
  }

  /**
   * Ranges as they are stored.
   *
   * @param lastIds of the same length; {@code null}: each range is one id
   */
  static RunRanges of(List<UUID> firstIds, @Nullable List<UUID> lastIds) {
    int[] starts = new int[firstIds.size() + 1];
    for (int i = 0; i < firstIds.size(); i++) {
      int n = lastIds == null ? 1 : TimeOrderedIds.between(firstIds.get(i), lastIds.get(i)) + 1;
      starts[i + 1] = starts[i] + n;
    }
    return new RunRanges(firstIds, starts);
  }

  /** The ranges of these ids. */
  static RunRanges of(List<UUID> ids) {
    Builder ranges = new Builder();
    ids.forEach(id -> ranges.add(id, 1));
    return ranges.build();
  }

  @Override
  public UUID get(int index) {
    Objects.checkIndex(index, size());
    int found = Arrays.binarySearch(starts, 0, firstIds.size(), index);
    int range = found >= 0 ? found : -found - 2;
    return TimeOrderedIds.after(firstIds.get(range), index - starts[range]);
  }

  @Override
  public int size() {
    return starts[firstIds.size()];
  }

  /** The first id of each range. */
  List<UUID> firstIds() {
    return firstIds;
  }

  /** The last id of each range. */
  List<UUID> lastIds() {
    List<UUID> lastIds = new ArrayList<>(firstIds.size());
    for (int i = 0; i < firstIds.size(); i++) {
      lastIds.add(TimeOrderedIds.after(firstIds.get(i), starts[i + 1] - starts[i] - 1));
    }
    return lastIds;
  }

  /** Collects ids in item order. Not thread-safe. */
  static final class Builder {
    private final List<UUID> firstIds = new ArrayList<>();
    private int[] starts = new int[2];

    /** Adds {@code n} ids that follow each other, of which this is the first. */
    void add(UUID firstId, int n) {
      int ranges = firstIds.size();
      int size = starts[ranges];
      if (ranges > 0) {
        int ofLast = size - starts[ranges - 1];
        if (TimeOrderedIds.after(firstIds.getLast(), ofLast).equals(firstId)) {
          starts[ranges] = size + n;
          return;
        }
      }
      if (ranges + 2 > starts.length) {
        starts = Arrays.copyOf(starts, starts.length * 2);
      }
      firstIds.add(firstId);
      starts[ranges + 1] = size + n;
    }

    /** How many ids were added. */
    int size() {
      return starts[firstIds.size()];
    }

    RunRanges build() {
      return new RunRanges(List.copyOf(firstIds), Arrays.copyOf(starts, firstIds.size() + 1));
    }
  }
}
