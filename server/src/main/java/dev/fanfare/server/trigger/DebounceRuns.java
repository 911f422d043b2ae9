package dev.fanfare.server.trigger;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.DelayStore;
import dev.fanfare.server.queue.DelayStore.Debounced;
import dev.fanfare.server.queue.DelayStore.Delayed;
import dev.fanfare.server.queue.Entry;
import dev.fanfare.server.run.DebouncedRunStore;
import dev.fanfare.server.run.DebouncedRunStore.Change;
import dev.fanfare.server.run.DebouncedRunStore.Waiting;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.RunRow;
import dev.fanfare.server.text.Hash;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Coalesces triggers with the same debounce key into one run while that run is delayed.
 *
 * <p>It first decides as if all keys were free. For keys that turn out to be taken, it decides
 * again with the delayed run that holds the key. This takes one statement when all keys are free,
 * three when runs are postponed, one more when a run is replaced because it cannot be postponed
 * further, and one more when the tags of a run are replaced, for any number of triggers.
 */
final class DebounceRuns {
  private final @Nullable Duration maxDelay;
  private final DelayStore delays = new DelayStore();
  private final DebouncedRunStore debouncedRunStore = new DebouncedRunStore();

  /**
   * @param maxDelay how long after its creation a run can be postponed, unless the trigger sets a
   *     limit; absent: without limit
   */
  DebounceRuns(@Nullable Duration maxDelay) {
    this.maxDelay = maxDelay;
  }

  /**
   * The result for a list of triggers.
   *
   * @param created the rows to insert
   * @param delayed the ids of those rows whose delays are inserted already
   * @param newData the triggers whose data replaced that of delayed runs, by run
   * @param answers for each trigger with a debounce key, the run that answers it
   */
  record Coalesced(
      List<RunRow> created,
      Set<UUID> delayed,
      Map<UUID, NewRun> newData,
      Map<UUID, UUID> answers) {}

  /** Postpones delayed runs, and decides which triggers create runs. */
  Coalesced coalesce(Tx tx, Instant now, List<RunRow> rows) {
    List<RunRow> created = new ArrayList<>(rows.size());
    Map<Hash, List<RunRow>> byKey = new LinkedHashMap<>();
    for (RunRow row : rows) {
      Hash hash = hash(row);
      if (hash == null) {
        created.add(row);
      } else {
        byKey.computeIfAbsent(hash, key -> new ArrayList<>()).add(row);
      }
    }
    if (byKey.isEmpty()) {
      return new Coalesced(created, Set.of(), Map.of(), Map.of());
    }
    Set<UUID> delayed = new HashSet<>();
    Map<UUID, NewRun> newData = new HashMap<>();
    Map<UUID, UUID> answers = new HashMap<>();
    for (DebounceWindow window : windows(tx, now, byKey)) {
      created.addAll(window.created());
      answers.putAll(window.answers());
      if (window.newHolder() != null) {
        delayed.add(window.newHolder().runId());
      }
      Change change = window.change();
      if (change != null && change.data() != null) {
        newData.put(change.run().runId(), change.data());
      }
    }
    return new Coalesced(created, delayed, newData, answers);
  }

  private static @Nullable Hash hash(RunRow row) {
    NewRun.Debounce debounce = row.run().debounce();
    return debounce == null ? null : Hash.of(row.taskId() + ":" + debounce.key());
  }

  private Iterable<DebounceWindow> windows(Tx tx, Instant now, Map<Hash, List<RunRow>> byKey) {
    Map<Hash, DebounceWindow> windows = new LinkedHashMap<>();
    byKey.forEach((hash, rows) -> windows.put(hash, DebounceWindow.of(null, rows, maxDelay, now)));
    Set<Hash> taken = new HashSet<>(byKey.keySet());
    taken.removeAll(delays.insertDebounced(tx, newHolders(windows)));
    if (!taken.isEmpty()) {
      Map<Hash, DebounceWindow> open = new LinkedHashMap<>();
      for (Waiting run : debouncedRunStore.waiting(tx, taken)) {
        List<RunRow> rows = byKey.getOrDefault(run.hash(), List.of());
        open.put(run.hash(), DebounceWindow.of(run, rows, maxDelay, now));
      }
      postpone(tx, open);
      windows.putAll(open);
    }
    return windows.values();
  }

  private void postpone(Tx tx, Map<Hash, DebounceWindow> open) {
    List<Change> changes =
        open.values().stream().map(DebounceWindow::change).filter(Objects::nonNull).toList();
    if (!changes.isEmpty()) {
      debouncedRunStore.change(tx, changes);
    }
    List<Debounced> replacing = newHolders(open);
    if (!replacing.isEmpty()) {
      delays.insertDebounced(tx, replacing); // the keys are free: the replaced runs lost them above
    }
  }

  private static List<Debounced> newHolders(Map<Hash, DebounceWindow> windows) {
    List<Debounced> holders = new ArrayList<>(windows.size());
    windows.forEach((hash, window) -> {
      RunRow row = window.newHolder();
      if (row != null) {
        Instant dueAt = Objects.requireNonNull(row.run().delayUntil());
        Entry entry = Entry.fresh(row.runId(), row.laneId(), row.rank());
        holders.add(new Debounced(new Delayed(entry, dueAt), hash));
      }
    });
    return holders;
  }
}
