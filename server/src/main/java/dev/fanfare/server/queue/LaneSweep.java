package dev.fanfare.server.queue;

import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.IdleLaneStore.Unchecked;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Retires lanes that nobody uses. Each lane is checked once a day: one without runs is marked as
 * idle, and deleted with the next check unless a trigger has used it. {@link LaneStore} says why no
 * run can get into a lane that is gone.
 */
final class LaneSweep implements Sweep {
  /** Far longer than any transaction of a trigger may take. */
  private static final Duration BETWEEN_CHECKS = Duration.ofDays(1);

  /** The clocks of servers date batches, the clock of the database dates checks. */
  private static final Duration CLOCKS_APART = Duration.ofHours(1);

  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final int AT_ONCE = 1_000;

  private final Database database;
  private final IdleLaneStore lanes = new IdleLaneStore();

  LaneSweep(Database database) {
    this.database = database;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public DueQuery dueQuery() {
    return new DueQuery(IdleLaneStore.DUE, BETWEEN_CHECKS);
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    return database.transaction(environmentId, tx -> check(tx, now));
  }

  private int check(Tx tx, Instant now) {
    Instant before = now.minus(BETWEEN_CHECKS);
    List<Unchecked> unchecked = lanes.lockUnchecked(tx, before, AT_ONCE);
    if (unchecked.isEmpty()) {
      return 0;
    }
    // A statement of its own, which sees what was committed until all of them were locked.
    Set<Long> inUse =
        new HashSet<>(
            lanes.inUse(
                tx, unchecked.stream().map(Unchecked::laneId).toList(), before.plus(CLOCKS_APART)));
    List<Long> idle = new ArrayList<>();
    List<Long> retired = new ArrayList<>();
    for (Unchecked lane : unchecked) {
      if (!inUse.contains(lane.laneId())) {
        (lane.idle() ? retired : idle).add(lane.laneId());
      }
    }
    if (!inUse.isEmpty()) {
      lanes.checked(tx, inUse, false, now);
    }
    if (!idle.isEmpty()) {
      lanes.checked(tx, idle, true, now);
    }
    if (!retired.isEmpty()) {
      lanes.delete(tx, retired);
    }
    return unchecked.size();
  }
}
