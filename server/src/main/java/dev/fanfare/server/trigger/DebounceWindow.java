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
 * Decides what the triggers with one debounce key do, in their order. The first creates a run
 * unless a delayed run holds the key; each further one postpones the run; one that would postpone
 * it beyond its limit creates the next run, which holds the key from then on. It reads and writes
 * no table.
 */
final class DebounceWindow {
  private final Instant now;
  private final @Nullable Waiting waiting;
  private final List<RunRow> created = new ArrayList<>();
  private final Map<UUID, UUID> answers = new HashMap<>();
  private @Nullable Change change;

  // The run that holds the key: a new one (holder), the waiting one, or none yet.
  private @Nullable UUID holderId;
  private @Nullable RunRow holder;
  private Instant createdAt;
  private Instant dueAt;

  /** The data that replaces that of the run that holds the key; absent: its data stays. */
  private @Nullable NewRun data;

  private DebounceWindow(@Nullable Waiting waiting, Instant now) {
    this.now = now;
    this.waiting = waiting;
    this.holderId = waiting == null ? null : waiting.runId();
    this.createdAt = waiting == null ? now : waiting.createdAt();
    this.dueAt = waiting == null ? now : waiting.dueAt();
  }

  /**
   * Decides for triggers in order.
   *
   * @param rows the rows that the triggers would insert
   * @param waiting the delayed run that holds the key; absent: the key is free
   * @param maxDelay how long after its creation a run can be postponed, unless the trigger sets a
   *     limit; absent: without limit
   */
  static DebounceWindow of(
      @Nullable Waiting waiting, List<RunRow> rows, @Nullable Duration maxDelay, Instant now) {
    DebounceWindow window = new DebounceWindow(waiting, now);
    for (RunRow row : rows) {
      NewRun.Debounce debounce = row.run().debounce();
      if (debounce != null) {
        window.add(row, debounce, debounce.maxDelay() != null ? debounce.maxDelay() : maxDelay);
      }
    }
    window.close(true);
    return window;
  }

  private void add(RunRow row, NewRun.Debounce debounce, @Nullable Duration longest) {
    NewRun run = row.run();
    Instant due = stored(now.plus(debounce.delay()));
    UUID id = holderId;
    if (id == null || (longest != null && due.isAfter(createdAt.plus(longest)))) {
      close(false);
      Instant own = run.delayUntil();
      id = row.runId();
      holderId = id;
      holder = row;
      createdAt = now;
      dueAt = own != null && own.isAfter(now) ? stored(own) : due;
      data = null;
    } else {
      dueAt = due.isAfter(dueAt) ? due : dueAt;
      if (debounce.trailing()) {
        data = data == null ? run : data.withDataOf(run);
      }
    }
    answers.put(row.runId(), id);
  }

  /** A time in the precision of the database, so that rounding alone causes no update. */
  private static Instant stored(Instant time) {
    return time.truncatedTo(ChronoUnit.MICROS);
  }

  /** Records the decision for the run that holds the key, which keeps or loses the key. */
  private void close(boolean keepsKey) {
    if (holder != null) {
      NewRun run = data == null ? holder.run() : holder.run().withDataOf(data);
      holder = holder.with(run.toBuilder().delayUntil(dueAt).build(), now);
      created.add(holder);
    } else if (waiting != null && (!keepsKey || data != null || !dueAt.equals(waiting.dueAt()))) {
      change = new Change(waiting, dueAt, keepsKey, data);
    }
  }

  /** The runs that the triggers create. */
  List<RunRow> created() {
    return created;
  }

  /** The created run that holds the key; absent: the waiting run holds it. */
  @Nullable RunRow newHolder() {
    return holder;
  }

  /** The change of the waiting run; absent: it stays as it is. */
  @Nullable Change change() {
    return change;
  }

  /** The id of the run that answers each trigger, by the id of the trigger's row. */
  Map<UUID, UUID> answers() {
    return answers;
  }
}
