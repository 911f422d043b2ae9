package dev.fanfare.server.trigger;

import dev.fanfare.server.run.DebouncedRunStore.Change;
import dev.fanfare.server.run.DebouncedRunStore.Waiting;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.RunRow;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the triggers with one debounce key come to, one after another: the first makes a run unless
 * one waits already, each further one lets it wait longer, and one that would make it wait too long
 * makes the next run, which has the key from then on. Decides and stores nothing.
 */
final class DebounceWindow {
  private final Instant now;
  private final @Nullable Waiting waiting;
  private final List<RunRow> created = new ArrayList<>();
  private final Map<UUID, UUID> answers = new HashMap<>();
  private @Nullable Change change;

  // The run that has the key: a new one, which is the holder, or the one that waits, or none.
  private @Nullable UUID holderId;
  private @Nullable RunRow holder;
  private Instant createdAt;
  private Instant dueAt;

  /** What newer triggers give the run that has the key; absent: nothing. */
  private @Nullable NewRun data;

  private DebounceWindow(@Nullable Waiting waiting, Instant now) {
    this.now = now;
    this.waiting = waiting;
    this.holderId = waiting == null ? null : waiting.runId();
    this.createdAt = waiting == null ? now : waiting.createdAt();
    this.dueAt = waiting == null ? now : waiting.dueAt();
  }

  /**
   * Goes through the triggers in order.
   *
   * @param waiting the run that waits and has the key; absent: the key is free
   * @param maxDelay how long after its creation a run can be made to wait when the trigger does not
   *     say; absent: for ever
   */
  static DebounceWindow of(
      @Nullable Waiting waiting, List<RunRow> triggers, @Nullable Duration maxDelay, Instant now) {
    DebounceWindow window = new DebounceWindow(waiting, now);
    for (RunRow trigger : triggers) {
      NewRun.Debounce debounce = trigger.run().debounce();
      if (debounce != null) {
        window.add(trigger, debounce, debounce.maxDelay() != null ? debounce.maxDelay() : maxDelay);
      }
    }
    window.leave(true);
    return window;
  }

  private void add(RunRow trigger, NewRun.Debounce debounce, @Nullable Duration longest) {
    NewRun run = trigger.run();
    Instant asked = stored(now.plus(debounce.delay()));
    UUID id = holderId;
    if (id == null || (longest != null && asked.isAfter(createdAt.plus(longest)))) {
      leave(false);
      Instant own = run.delayUntil();
      id = trigger.runId();
      holderId = id;
      holder = trigger;
      createdAt = now;
      dueAt = own != null && own.isAfter(now) ? stored(own) : asked;
      data = null;
    } else {
      dueAt = asked.isAfter(dueAt) ? asked : dueAt;
      if (debounce.trailing()) {
        data = data == null ? run : data.withDataOf(run);
      }
    }
    answers.put(trigger.runId(), id);
  }

  /** As a database holds it: what it would round away is no reason to write. */
  private static Instant stored(Instant time) {
    return time.truncatedTo(ChronoUnit.MICROS);
  }

  /** Is done with the run that has the key, which goes on to have it or loses it. */
  private void leave(boolean keepsKey) {
    if (holder != null) {
      NewRun run = data == null ? holder.run() : holder.run().withDataOf(data);
      holder = holder.with(run.toBuilder().delayUntil(dueAt).build(), now);
      created.add(holder);
    } else if (waiting != null && (!keepsKey || data != null || !dueAt.equals(waiting.dueAt()))) {
      change = new Change(waiting, dueAt, keepsKey, data);
    }
  }

  /** The runs that the triggers make. */
  List<RunRow> created() {
    return created;
  }

  /** The one of them that has the key; absent: the waiting run has it. */
  @Nullable RunRow newHolder() {
    return holder;
  }

  /** What becomes of the waiting run; absent: it stays as it is. */
  @Nullable Change change() {
    return change;
  }

  /** For each trigger, the run that answers it. */
  Map<UUID, UUID> answers() {
    return answers;
  }
}
