package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.DebounceStore.Change;
import dev.fanfare.server.run.DebounceStore.Claim;
import dev.fanfare.server.run.DebounceStore.Waiting;
import dev.fanfare.server.run.RunColumns.Minted;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Gathers triggers with one debounce key in one run, as long as that waits. What happens is decided
 * for free keys first; only when a key turns out to be taken, it is decided again for the run that
 * has it: one statement for new keys, three where runs are pushed, two more where a run is replaced
 * because it cannot wait any longer; however many triggers.
 */
final class DebounceRuns {
  private final @Nullable Duration maxDelay;
  private final DebounceStore store = new DebounceStore();

  /**
   * @param maxDelay the longest that a run can be made to wait, when its trigger does not say;
   *     absent: for ever
   */
  DebounceRuns(@Nullable Duration maxDelay) {
    this.maxDelay = maxDelay;
  }

  /**
   * What became of triggers.
   *
   * @param created those that make runs, as these are to be stored
   * @param delayed which of them stand among the delays already
   * @param newData what runs that wait already take over from triggers
   * @param answers the run that answers a trigger which debounces
   */
  record Gathered(
      List<Minted> created, Set<UUID> delayed, List<NewRun> newData, Map<UUID, UUID> answers) {}

  /** Changes the runs that wait, and says which triggers make new ones. */
  Gathered gather(Tx tx, int environmentId, Instant now, List<Minted> triggers) {
    List<Minted> created = new ArrayList<>(triggers.size());
    Map<Hash, List<Minted>> byKey = new LinkedHashMap<>();
    for (Minted trigger : triggers) {
      Hash hash = hash(trigger.placed());
      if (hash == null) {
        created.add(trigger);
      } else {
        byKey.computeIfAbsent(hash, key -> new ArrayList<>()).add(trigger);
      }
    }
    if (byKey.isEmpty()) {
      return new Gathered(created, Set.of(), List.of(), Map.of());
    }
    Set<UUID> delayed = new HashSet<>();
    List<NewRun> newData = new ArrayList<>();
    Map<UUID, UUID> answers = new HashMap<>();
    for (DebounceWindow window : windows(tx, environmentId, now, byKey)) {
      created.addAll(window.created());
      answers.putAll(window.answers());
      if (window.newHolder() != null) {
        delayed.add(window.newHolder().runId());
      }
      if (window.change() != null && window.change().data() != null) {
        newData.add(window.change().data());
      }
    }
    return new Gathered(created, delayed, newData, answers);
  }

  private static @Nullable Hash hash(PlacedRun placed) {
    NewRun.Debounce debounce = placed.run().debounce();
    return debounce == null ? null : Hash.of(placed.taskId() + ":" + debounce.key());
  }

  private Iterable<DebounceWindow> windows(
      Tx tx, int environmentId, Instant now, Map<Hash, List<Minted>> byKey) {
    Map<Hash, DebounceWindow> windows = new LinkedHashMap<>();
    byKey.forEach(
        (hash, triggers) -> windows.put(hash, DebounceWindow.of(null, triggers, maxDelay, now)));
    Set<Hash> taken = new HashSet<>(byKey.keySet());
    taken.removeAll(store.claim(tx, environmentId, claims(windows)));
    if (!taken.isEmpty()) {
      Map<Hash, DebounceWindow> open = new LinkedHashMap<>();
      for (Waiting run : store.waiting(tx, environmentId, taken)) {
        open.put(
            run.hash(),
            DebounceWindow.of(run, byKey.getOrDefault(run.hash(), List.of()), maxDelay, now));
      }
      push(tx, environmentId, open);
      windows.putAll(open);
    }
    return windows.values();
  }

  private void push(Tx tx, int environmentId, Map<Hash, DebounceWindow> open) {
    List<Change> changes = new ArrayList<>();
    for (DebounceWindow window : open.values()) {
      if (window.change() != null) {
        changes.add(window.change());
      }
    }
    if (!changes.isEmpty()) {
      store.change(tx, environmentId, changes);
    }
    List<Claim> replacing = claims(open);
    if (!replacing.isEmpty()) {
      store.claim(tx, environmentId, replacing); // the keys were given up just now, under our lock
    }
  }

  private static List<Claim> claims(Map<Hash, DebounceWindow> windows) {
    List<Claim> claims = new ArrayList<>(windows.size());
    windows.forEach((hash, window) -> {
      Minted holder = window.newHolder();
      if (holder != null) {
        claims.add(new Claim(hash, holder));
      }
    });
    return claims;
  }
}
