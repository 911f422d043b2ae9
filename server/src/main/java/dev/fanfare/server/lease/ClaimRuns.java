package dev.fanfare.server.lease;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.ParkedStore;
import dev.fanfare.server.queue.ReadyStore;
import dev.fanfare.server.queue.ReadyStore.ClaimableLane;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands ready runs to a session: goes round the lanes that hold some, shares the session's free
 * slots among them, and takes what each gives in rank order. Two round trips and a commit for each
 * round of lanes, one more when a queue has a limit, and one in the first round for what was
 * canceled.
 */
public final class ClaimRuns {
  private static final Logger log = LoggerFactory.getLogger(ClaimRuns.class);

  /** Lanes looked at in one round; with more than these the next round goes on behind them. */
  private static final int LANES_A_ROUND = 64;

  /** Rounds of one claim: a bound, so that very many lanes of other workers cannot hold it up. */
  private static final int ROUNDS_MAX = 64;

  private static final int PARKED_AT_ONCE = 1_000;

  /** Tasks that nobody has declared and that the log names; it is silent about more. */
  private static final int SAID_MAX = 1_000;

  private final Set<Integer> saidUnknown = ConcurrentHashMap.newKeySet();
  private final Database database;
  private final ReadyStore ready = new ReadyStore();
  private final ParkedStore parked = new ParkedStore();
  private final LeaseStore leases = new LeaseStore();
  private final ClaimStore claims = new ClaimStore();

  ClaimRuns(Database database) {
    this.database = database;
  }

  /**
   * What a claim brought.
   *
   * @param runs now held by the session
   * @param lastLaneId where the next claim of this session should go on; 0: from the beginning
   * @param canceled what the session holds that was canceled, each told once
   */
  public record Claim(List<ClaimedRun> runs, int lastLaneId, List<LeaseRef> canceled) {}

  /**
   * A session that asks for runs.
   *
   * @param taskIds the tasks that it can execute
   * @param versionId the version of its code
   */
  public record Claimant(UUID sessionId, Set<Integer> taskIds, int versionId) {
    boolean mayTake(ClaimableLane lane) {
      return lane.registered()
          && taskIds.contains(lane.taskId())
          && (lane.versionId() == 0 || lane.versionId() == versionId);
    }
  }

  /**
   * Claims up to {@code max} runs.
   *
   * @param afterLaneId where the last claim of this session ended, so that every lane has its turn
   */
  public Claim claim(int environmentId, Claimant claimant, int max, int afterLaneId) {
    List<ClaimedRun> runs = new ArrayList<>();
    List<LeaseRef> canceled = new ArrayList<>();
    int lane = afterLaneId;
    boolean wrapped = afterLaneId == 0;
    for (int round = 0; round < ROUNDS_MAX && runs.size() < max; round++) {
      int from = lane;
      int left = max - runs.size();
      boolean first = round == 0;
      Round taken;
      try {
        taken =
            database.transaction(
                environmentId,
                tx -> {
                  List<LeaseRef> told =
                      first ? leases.notifyCanceled(tx, claimant.sessionId()) : List.of();
                  return round(tx, claimant, left, from).with(told);
                });
      } catch (DatabaseException e) {
        if (first) {
          throw e;
        }
        log.warn("A claim ends early: {}", e.getMessage());
        break; // what the rounds before have leased must reach the worker; the next claim goes on
      }
      runs.addAll(taken.runs());
      taken.canceled().forEach(h -> canceled.add(h));
      lane = taken.lastLaneId();
      if (lane
          == 0) { // behind the last lane: those before the first one looked at still have a turn
        if (wrapped) {
          break;
        }
        wrapped = true;
      }
    }
    return new Claim(runs, lane, canceled);
  }

  /** Said once for each task, or who keeps triggering one that nobody has would fill the log. */
  private void sayUnknown(ClaimableLane lane) {
    if (saidUnknown.size() < SAID_MAX && saidUnknown.add(lane.taskId())) {
      log.info(
          "No worker has declared the task \"{}\": its runs wait as PENDING_VERSION",
          lane.task().replaceAll("\\p{Cntrl}", "?"));
    }
  }

  private record Round(List<ClaimedRun> runs, int lastLaneId, List<LeaseRef> canceled) {
    Round(List<ClaimedRun> runs, int lastLaneId) {
      this(runs, lastLaneId, List.of());
    }

    Round with(List<LeaseRef> told) {
      return new Round(runs, lastLaneId, told);
    }
  }

  private Round round(Tx tx, Claimant claimant, int max, int afterLaneId) {
    List<ClaimableLane> ahead = ready.claimableLanes(tx, afterLaneId, LANES_A_ROUND, max);
    int lastLaneId = ahead.size() < LANES_A_ROUND ? 0 : ahead.getLast().laneId();
    for (ClaimableLane lane : ahead) {
      if (!lane.registered() && parked.park(tx, lane.laneId(), PARKED_AT_ONCE) > 0) {
        sayUnknown(lane);
      }
    }
    List<ClaimableLane> own = ahead.stream().filter(claimant::mayTake).toList();
    int[] quotas = Quotas.share(own, max);
    if (Quotas.sum(quotas) == 0) {
      return new Round(List.of(), lastLaneId);
    }
    if (Quotas.sum(quotas) == max) {
      // The next claim goes on behind the last lane served, or lanes behind it would wait for ever.
      lastLaneId = own.get(Quotas.lastServed(quotas)).laneId();
    }
    if (own.stream().anyMatch(lane -> lane.room() != null)) {
      leases.insertMissingSlots(tx, own.stream().mapToInt(ClaimableLane::laneId).toArray());
    }
    return new Round(claims.claim(tx, claimant, own, quotas), lastLaneId);
  }
}
