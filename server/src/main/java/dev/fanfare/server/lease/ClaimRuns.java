package dev.fanfare.server.lease;

import dev.fanfare.server.config.RequestMemory;
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
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Claims ready runs for a session. A claim visits the lanes with ready runs in rounds, shares the
 * session's free slots among them, and takes runs from each lane in rank order.
 *
 * <p>A round of lanes is one transaction of two round trips and a commit. It takes one more when a
 * queue has a limit, and one more for each lane of an undeclared task, whose runs it parks. The
 * first round takes one more for canceled runs.
 */
public final class ClaimRuns {
  private static final Logger log = LoggerFactory.getLogger(ClaimRuns.class);

  private static final int LANES_PER_ROUND = 64;

  /** Bounds the duration of a claim that passes very many lanes of other workers. */
  private static final int ROUNDS_MAX = 64;

  private static final int PARKED_PER_LANE = 1_000;

  /** A claim ends once it has this many characters of payloads and metadata. */
  private static final long CHARS_MAX = 4L * 1024 * 1024;

  /** What a round may hold: texts, as the driver and as Java have them. */
  private static final long ROUND_BYTES = 3 * CHARS_MAX;

  /** The maximum number of undeclared tasks that the log names. */
  private static final int UNDECLARED_LOGGED_MAX = 1_000;

  private final Set<Integer> loggedUndeclared = ConcurrentHashMap.newKeySet();

  /** How many rounds may read payloads at once; each of them can hold {@link #ROUND_BYTES}. */
  private final Semaphore longTexts =
      new Semaphore((int) Math.max(3, RequestMemory.total() / (4 * ROUND_BYTES)), true);

  private final Database database;
  private final ReadyStore readyStore = new ReadyStore();
  private final ParkedStore parkedStore = new ParkedStore();
  private final LeaseStore leaseStore = new LeaseStore();
  private final SlotCountStore slotCountStore = new SlotCountStore();
  private final ClaimStore claimStore = new ClaimStore();

  ClaimRuns(Database database) {
    this.database = database;
  }

  /**
   * The result of a claim.
   *
   * @param runs the runs that the session now holds
   * @param lastLaneId the lane after which the session's next claim starts; 0: with the first lane
   * @param canceled leases of the session whose run was canceled; each is named again until it ends
   */
  public record Claim(List<ClaimedRun> runs, int lastLaneId, List<LeaseRef> canceled) {}

  /**
   * A session that claims runs.
   *
   * @param taskIds the tasks that the worker can execute
   * @param versionId the version of the worker's code
   * @param poll the number of the session's poll; 0: the worker does not number its polls
   */
  public record Claimant(UUID sessionId, Set<Integer> taskIds, int versionId, int poll) {
    boolean canExecute(ClaimableLane lane) {
      return lane.declared()
          && taskIds.contains(lane.taskId())
          && (lane.versionId() == 0 || lane.versionId() == versionId);
    }
  }

  /**
   * Claims up to {@code max} runs; returns once the claim is durable.
   *
   * @param afterLaneId {@link Claim#lastLaneId} of the session's last claim, so that all lanes take
   *     turns; 0 for the first claim
   */
  public Claim claim(int environmentId, Claimant claimant, int max, int afterLaneId) {
    List<ClaimedRun> runs = new ArrayList<>();
    List<LeaseRef> canceled = new ArrayList<>();
    int lastLaneId = afterLaneId;
    boolean wrapped = afterLaneId == 0;
    long chars = 0;
    for (int i = 0; i < ROUNDS_MAX && runs.size() < max && chars < CHARS_MAX; i++) {
      boolean first = i == 0;
      int free = max - runs.size();
      int after = lastLaneId;
      Round round;
      try {
        round =
            database.transaction(
                environmentId,
                tx ->
                    first
                        ? firstRound(tx, claimant, free, after)
                        : round(tx, claimant, free, after));
      } catch (DatabaseException e) {
        if (first) {
          throw e;
        }
        // The earlier rounds are committed, so their runs must reach the worker.
        log.warn(
            "A claim stops early with {} runs; the next claim continues: {}",
            runs.size(),
            e.getMessage());
        break;
      }
      runs.addAll(round.runs());
      chars += round.runs().stream().mapToLong(ClaimedRun::chars).sum();
      canceled.addAll(round.canceled());
      lastLaneId = round.lastLaneId();
      boolean atEnd = lastLaneId == 0;
      if (atEnd && wrapped) {
        break;
      }
      // The lanes up to afterLaneId are still to be visited. The claim does not stop there: after
      // the wrap it visits all lanes again, up to the last.
      wrapped |= atEnd;
    }
    return new Claim(runs, lastLaneId, canceled);
  }

  /** One round; the components are those of {@link Claim}. */
  private record Round(List<ClaimedRun> runs, int lastLaneId, List<LeaseRef> canceled) {}

  private Round firstRound(Tx tx, Claimant claimant, int max, int afterLaneId) {
    Round round = round(tx, claimant, max, afterLaneId);
    // After the claim has locked its session, because a close locks the session first, too.
    List<LeaseRef> canceled =
        leaseStore.notifyCanceled(tx, claimant.sessionId(), ReportWriting.CANCELED_AGAIN);
    return new Round(round.runs(), round.lastLaneId(), canceled);
  }

  private Round round(Tx tx, Claimant claimant, int max, int afterLaneId) {
    List<ClaimableLane> lanes = readyStore.claimableLanes(tx, afterLaneId, LANES_PER_ROUND, max);
    for (ClaimableLane lane : lanes) {
      if (!lane.declared() && parkedStore.park(tx, lane.laneId(), PARKED_PER_LANE) > 0) {
        logUndeclared(lane);
      }
    }
    int lastLaneId = lanes.size() < LANES_PER_ROUND ? 0 : lanes.getLast().laneId();
    List<ClaimableLane> executable = lanes.stream().filter(claimant::canExecute).toList();
    int[] quotas = Quotas.share(executable, max);
    int granted = Quotas.sum(quotas);
    if (granted == 0) {
      return new Round(List.of(), lastLaneId, List.of());
    }
    if (granted == max) {
      // The quotas may end before the last lane: the next claim must start with those after it.
      lastLaneId = executable.get(Quotas.lastServed(quotas)).laneId();
    }
    if (executable.stream().anyMatch(lane -> lane.freeSlots() != null)) {
      slotCountStore.insertMissingSlots(
          tx, executable.stream().mapToInt(ClaimableLane::laneId).toArray());
    }
    longTexts.acquireUninterruptibly();
    try {
      return new Round(claimStore.claim(tx, claimant, executable, quotas), lastLaneId, List.of());
    } finally {
      longTexts.release();
    }
  }

  /** Logs each task once, so that triggers of an undeclared task cannot fill the log. */
  private void logUndeclared(ClaimableLane lane) {
    if (loggedUndeclared.size() < UNDECLARED_LOGGED_MAX && loggedUndeclared.add(lane.taskId())) {
      log.info(
          "No worker has declared the task \"{}\": its runs wait as PENDING_VERSION",
          lane.task().replaceAll("\\p{Cntrl}", "?"));
    }
  }
}
