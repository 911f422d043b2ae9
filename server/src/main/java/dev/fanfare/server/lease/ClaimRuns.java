package dev.fanfare.server.lease;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.ParkedStore;
import dev.fanfare.server.queue.ReadyStore;
import dev.fanfare.server.queue.ReadyStore.ClaimableLane;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Claims ready runs for a session. A claim visits the lanes with ready runs in rounds, shares the
 * session's free slots among them, and takes runs from each lane in rank order.
 *
 * <p>A round of lanes is one transaction of two round trips and a commit. It takes one more when a
 * queue has a limit. The first round takes one more for canceled runs. After the rounds, another
 * transaction parks runs of undeclared tasks, if the claim saw any.
 */
public final class ClaimRuns {
  private static final Logger log = LoggerFactory.getLogger(ClaimRuns.class);

  private static final int LANES_PER_ROUND = 64;

  /** Bounds the duration of a claim that passes very many lanes of other workers. */
  private static final int ROUNDS_MAX = 64;

  /** The maximum number of runs that a claim parks. */
  private static final int PARKED_MAX = 1_000;

  /** The maximum number of undeclared tasks that the log names. */
  private static final int UNDECLARED_LOGGED_MAX = 1_000;

  private final Set<Integer> loggedUndeclared = ConcurrentHashMap.newKeySet();

  private final Database database;
  private final PayloadReads payloadReads;
  private final ReadyStore readyStore = new ReadyStore();
  private final ParkedStore parkedStore = new ParkedStore();
  private final LeaseStore leaseStore = new LeaseStore();
  private final SlotCountStore slotCountStore = new SlotCountStore();
  private final ClaimStore claimStore = new ClaimStore();

  ClaimRuns(Database database, PayloadReads payloadReads) {
    this.database = database;
    this.payloadReads = payloadReads;
  }

  /**
   * Where a claim starts among the lanes, so that all lanes take turns, and where it ends.
   *
   * @param afterLaneId it starts with the next lane; 0: with the first
   * @param untilLaneId it ends at this lane, after it has continued with the first; 0: at the last
   * @param wrapped whether it has continued with the first lane
   */
  public record Turn(long afterLaneId, long untilLaneId, boolean wrapped) {
    /** A turn of all lanes that starts after this lane; 0: with the first. */
    public static Turn after(long laneId) {
      return new Turn(laneId, laneId, laneId == 0);
    }

    private Turn next(long lastLaneId) {
      return new Turn(lastLaneId, untilLaneId, wrapped || lastLaneId == 0);
    }

    private boolean endsWith(long lastLaneId) {
      return wrapped && (lastLaneId == 0 || (untilLaneId > 0 && lastLaneId >= untilLaneId));
    }
  }

  /**
   * The result of a claim.
   *
   * @param runs the runs that the session now holds
   * @param canceled leases of the session whose run was canceled; each is named again until it ends
   * @param rest where the claim would continue; absent: it has seen all lanes
   * @param lastLaneId the lane after which the session's next claim starts; 0: with the first lane
   * @param contended whether it skipped runs that other transactions had locked, or for which there
   *     was no memory. They may be claimable in a moment, and no signal says so
   * @param others the tasks of the runs that it saw and did not take
   * @param othersCount how many such runs it saw, counted up to a limit for each lane
   */
  public record Claim(
      List<ClaimedRun> runs,
      List<LeaseRef> canceled,
      @Nullable Turn rest,
      long lastLaneId,
      boolean contended,
      Set<Integer> others,
      int othersCount) {}

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

  /** Claims up to {@code max} runs; returns once the claim is durable. */
  public Claim claim(int environmentId, Claimant claimant, int max, Turn from, ClaimMemory memory) {
    Progress progress = new Progress(from);
    for (int i = 0; i < ROUNDS_MAX && progress.hasRoom(max) && progress.rest != null; i++) {
      boolean first = i == 0;
      int free = max - progress.runs.size();
      long after = progress.rest.afterLaneId();
      Round round;
      try {
        round =
            database.transaction(
                environmentId,
                tx ->
                    first
                        ? firstRound(tx, claimant, free, after, memory)
                        : round(tx, claimant, free, after, memory));
      } catch (DatabaseException e) {
        if (first || claimant.poll() > 0) {
          throw e; // this round may be committed, too: the next poll gets what this one claimed
        }
        // The earlier rounds are committed, and nothing but this response can name their runs.
        log.warn(
            "A claim stops early with {} runs; the next claim continues: {}",
            progress.runs.size(),
            e.getMessage());
        break;
      }
      progress.add(round);
    }
    park(environmentId, progress.undeclared);
    return progress.claim();
  }

  /**
   * One round.
   *
   * @param lanes the lanes that it saw
   * @param quotas how many runs it tried to take from each of them
   */
  private record Round(
      List<ClaimableLane> lanes,
      Map<Long, Integer> quotas,
      List<ClaimedRun> runs,
      long lastLaneId,
      List<LeaseRef> canceled) {}

  /** A claim while its rounds go on. */
  private static final class Progress {
    final List<ClaimedRun> runs = new ArrayList<>();
    final List<LeaseRef> canceled = new ArrayList<>();
    final List<ClaimableLane> undeclared = new ArrayList<>();
    final Set<Integer> others = new HashSet<>();
    long chars;
    int othersCount;
    boolean contended;
    long lastLaneId;
    @Nullable Turn rest;

    Progress(Turn from) {
      this.rest = from;
      this.lastLaneId = from.afterLaneId();
    }

    boolean hasRoom(int max) {
      return runs.size() < max && chars < PayloadReads.CHARS_MAX;
    }

    void add(Round round) {
      Turn before = Objects.requireNonNull(rest);
      lastLaneId = round.lastLaneId();
      rest = before.endsWith(lastLaneId) ? null : before.next(lastLaneId);
      runs.addAll(round.runs());
      chars += PayloadReads.chars(round.runs());
      canceled.addAll(round.canceled());
      int missed = round.quotas().values().stream().mapToInt(Integer::intValue).sum();
      missed -= round.runs().size();
      contended |= missed > 0;
      othersCount += missed;
      for (ClaimableLane lane : round.lanes()) {
        if (!lane.declared()) {
          undeclared.add(lane);
          continue;
        }
        int quota = round.quotas().getOrDefault(lane.laneId(), 0);
        int left = Quotas.wanted(lane) - quota;
        if (left > 0 || (missed > 0 && quota > 0)) {
          others.add(lane.taskId());
          othersCount += left;
        }
      }
    }

    Claim claim() {
      return new Claim(runs, canceled, rest, lastLaneId, contended, others, othersCount);
    }
  }

  private Round firstRound(
      Tx tx, Claimant claimant, int max, long afterLaneId, ClaimMemory memory) {
    Round round = round(tx, claimant, max, afterLaneId, memory);
    // After the claim has locked its session, because a close locks the session first, too.
    List<LeaseRef> canceled =
        leaseStore.notifyCanceled(tx, claimant.sessionId(), ReportWriting.CANCELED_AGAIN);
    return new Round(round.lanes(), round.quotas(), round.runs(), round.lastLaneId(), canceled);
  }

  private Round round(Tx tx, Claimant claimant, int max, long afterLaneId, ClaimMemory memory) {
    // One more than it can take shows whether there is work for others.
    List<ClaimableLane> lanes =
        readyStore.claimableLanes(tx, afterLaneId, LANES_PER_ROUND, max + 1);
    long lastLaneId = lanes.size() < LANES_PER_ROUND ? 0 : lanes.getLast().laneId();
    List<ClaimableLane> executable = lanes.stream().filter(claimant::canExecute).toList();
    int[] quotas = Quotas.share(executable, max);
    int granted = Quotas.sum(quotas);
    if (granted == 0) {
      return new Round(lanes, Map.of(), List.of(), lastLaneId, List.of());
    }
    if (granted == max) {
      // The quotas may end before the last lane: the next claim must start with those after it.
      lastLaneId = executable.get(Quotas.lastServed(quotas)).laneId();
    }
    if (executable.stream().anyMatch(lane -> lane.freeSlots() != null)) {
      slotCountStore.insertMissingSlots(
          tx, executable.stream().mapToLong(ClaimableLane::laneId).toArray());
    }
    Map<Long, Integer> quotaByLane = new HashMap<>();
    for (int i = 0; i < quotas.length; i++) {
      quotaByLane.put(executable.get(i).laneId(), quotas[i]);
    }
    List<ClaimedRun> runs =
        payloadReads.read(memory, () -> claimStore.claim(tx, claimant, executable, quotas));
    return new Round(lanes, quotaByLane, runs == null ? List.of() : runs, lastLaneId, List.of());
  }

  /**
   * Parks runs of undeclared tasks, a bounded number, so that the poll is not delayed by those of
   * others. The next claims continue.
   */
  private void park(int environmentId, List<ClaimableLane> undeclared) {
    if (undeclared.isEmpty()) {
      return;
    }
    try {
      List<ClaimableLane> parked = database.transaction(environmentId, tx -> park(tx, undeclared));
      parked.forEach(this::logUndeclared);
    } catch (DatabaseException e) {
      log.warn(
          "Parking runs of undeclared tasks failed; the next claim does it: {}", e.getMessage());
    }
  }

  private List<ClaimableLane> park(Tx tx, List<ClaimableLane> undeclared) {
    List<ClaimableLane> parked = new ArrayList<>();
    int left = PARKED_MAX;
    for (int i = 0; i < undeclared.size() && i < LANES_PER_ROUND && left > 0; i++) {
      int moved = parkedStore.park(tx, undeclared.get(i).laneId(), left);
      left -= moved;
      if (moved > 0) {
        parked.add(undeclared.get(i));
      }
    }
    return parked;
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
