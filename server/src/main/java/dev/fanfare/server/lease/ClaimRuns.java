package dev.fanfare.server.lease;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.ClaimStore.Claimed;
import dev.fanfare.server.queue.Lane;
import dev.fanfare.server.queue.ReadyStore;
import dev.fanfare.server.queue.ReadyStore.ClaimableLane;
import dev.fanfare.server.queue.ReadyStore.Position;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Claims ready runs for a session. A claim visits the lanes with ready runs in rounds, shares the
 * session's free slots among them, and takes runs from each lane in rank order. It sees only what
 * its worker may take.
 *
 * <p>A round of lanes is one transaction of two round trips: the first finds lanes, the second
 * claims and commits. A round that meets runs of older partitions is repeated for these.
 */
public final class ClaimRuns {
  private static final Logger log = LoggerFactory.getLogger(ClaimRuns.class);

  private static final int LANES_PER_ROUND = 64;

  /** Bounds the duration of a claim that passes very many lanes of full queues. */
  private static final int ROUNDS_MAX = 64;

  /** The maximum number of tasks that a poll tells others of. */
  private static final int OTHERS_MAX = 64;

  private static final int OTHERS_PROBES_MAX = 1_000;

  private final Database database;
  private final PayloadReads payloadReads;
  private final ReadyStore readyStore = new ReadyStore();
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
   * @param after it starts with the next lane
   * @param until it ends at this lane, after it has continued with the first; at the last lane if
   *     this is the start
   * @param wrapped whether it has continued with the first lane
   */
  public record Turn(Position after, Position until, boolean wrapped) {
    /** A turn of all lanes that starts after this lane. */
    public static Turn after(Position lane) {
      return new Turn(lane, lane, isStart(lane));
    }

    private Turn next(Position last) {
      return new Turn(last, until, wrapped || isStart(last));
    }

    private boolean endsWith(Position last) {
      return wrapped && (isStart(last) || (!isStart(until) && last.compareTo(until) >= 0));
    }

    private static boolean isStart(Position position) {
      return position.equals(Position.START);
    }
  }

  /**
   * The result of a claim.
   *
   * @param runs the runs that the session now holds
   * @param canceled leases of the session whose run was canceled; each is named again until it ends
   * @param rest where the claim would continue; absent: it has seen all lanes
   * @param last the lane after which the session's next claim starts; the start: with the first
   * @param contended whether it skipped runs that other transactions had locked, or for which there
   *     was no memory. They may be claimable in a moment, and no signal says so
   * @param others the tasks of the runs that it may take and did not take
   * @param othersCount how many such runs it saw, counted up to a limit for each lane
   */
  public record Claim(
      List<ClaimedRun> runs,
      List<LeaseRef> canceled,
      @Nullable Turn rest,
      Position last,
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
    /** Whether it may take runs of this lane. */
    boolean canTake(Lane lane) {
      return taskIds.contains(lane.taskId())
          && (lane.versionId() == 0 || lane.versionId() == versionId);
    }

    private int[] sortedTaskIds() {
      return taskIds.stream().mapToInt(Integer::intValue).sorted().toArray();
    }
  }

  /**
   * Claims up to {@code max} runs. A crash of the database may undo a claim: then the runs are in
   * their queues again, and reports of them by their holder are refused.
   */
  public Claim claim(int environmentId, Claimant claimant, int max, Turn from, ClaimMemory memory) {
    Progress progress = new Progress(from);
    for (int i = 0; i < ROUNDS_MAX && progress.hasRoom(max) && progress.rest != null; i++) {
      boolean first = i == 0;
      int free = max - progress.runs.size();
      Start start = new Start(progress.rest.after(), progress.elsewhere, first);
      try (PayloadReads.Turn turn = payloadReads.turn(memory)) {
        Round round =
            database.undoable(environmentId, tx -> round(tx, claimant, free, start, turn)).get();
        turn.hold(round.runs());
        progress.add(round);
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
    }
    return progress.claim();
  }

  /** Returns tasks with ready runs that a session may not take, but that others may. */
  public List<Integer> tasksOfOthers(int environmentId, Claimant claimant) {
    return database.transaction(
        environmentId,
        tx ->
            readyStore.tasksOfOthers(
                tx, claimant.sortedTaskIds(), claimant.versionId(), OTHERS_PROBES_MAX, OTHERS_MAX));
  }

  /**
   * Where a round starts.
   *
   * @param elsewhere runs of older partitions that the round before met in the same lanes
   * @param first whether it is the first of its claim
   */
  private record Start(Position after, List<UUID> elsewhere, boolean first) {}

  /**
   * One round.
   *
   * @param lanes the lanes that it saw
   * @param quotas how many runs it tried to take from each of them
   */
  private record Round(
      List<ClaimableLane> lanes,
      Map<Long, Integer> quotas,
      Claimed claimed,
      Position last,
      List<LeaseRef> canceled) {

    List<ClaimedRun> runs() {
      return claimed.runs();
    }
  }

  /** A claim while its rounds go on. */
  private static final class Progress {
    final List<ClaimedRun> runs = new ArrayList<>();
    final List<LeaseRef> canceled = new ArrayList<>();
    final Set<Integer> others = new HashSet<>();
    List<UUID> elsewhere = List.of();
    int roundStart;
    long chars;
    int othersCount;
    boolean contended;
    Position last;
    @Nullable Turn rest;

    Progress(Turn from) {
      this.rest = from;
      this.last = from.after();
    }

    boolean hasRoom(int max) {
      return runs.size() < max && chars < PayloadReads.CHARS_MAX;
    }

    void add(Round round) {
      if (elsewhere.isEmpty()) {
        roundStart = runs.size();
      }
      runs.addAll(roundStart, round.runs()); // those of older partitions come first
      chars += PayloadReads.chars(round.runs());
      canceled.addAll(round.canceled());
      boolean again = elsewhere.isEmpty() && !round.claimed().elsewhere().isEmpty();
      elsewhere = again ? round.claimed().elsewhere() : List.of();
      if (again) {
        return;
      }
      Turn before = Objects.requireNonNull(rest);
      last = round.last();
      rest = before.endsWith(last) ? null : before.next(last);
      int missed = round.quotas().values().stream().mapToInt(Integer::intValue).sum();
      missed -= round.runs().size();
      contended |= missed > 0;
      othersCount += missed;
      for (ClaimableLane lane : round.lanes()) {
        int quota = round.quotas().getOrDefault(lane.laneId(), 0);
        int left = Quotas.wanted(lane) - quota;
        if (left > 0 || (missed > 0 && quota > 0)) {
          others.add(lane.taskId());
          othersCount += left;
        }
      }
    }

    Claim claim() {
      return new Claim(runs, canceled, rest, last, contended, others, othersCount);
    }
  }

  private Later<Round> round(
      Tx tx, Claimant claimant, int max, Start start, PayloadReads.Turn turn) {
    int[] taskIds = claimant.sortedTaskIds();
    // One more than it can take shows whether there is work for others.
    List<ClaimableLane> lanes =
        taskIds.length == 0
            ? List.of()
            : readyStore.claimableLanes(
                tx, taskIds, claimant.versionId(), start.after(), LANES_PER_ROUND, max + 1);
    int[] quotas = Quotas.share(lanes, max);
    Map<Long, Integer> quotaByLane = new HashMap<>();
    for (int i = 0; i < quotas.length; i++) {
      quotaByLane.put(lanes.get(i).laneId(), quotas[i]);
    }
    Later<Claimed> claimed = claim(tx, claimant, lanes, quotas, start.elsewhere(), turn);
    // After the claim has locked its session, because a close locks the session first, too.
    Later<List<LeaseRef>> canceled =
        start.first()
            ? leaseStore.notifyCanceled(tx, claimant.sessionId(), ReportWriting.CANCELED_AGAIN)
            : Later.of(List.of());
    return () ->
        new Round(lanes, quotaByLane, claimed.get(), last(lanes, quotas, max), canceled.get());
  }

  private Later<Claimed> claim(
      Tx tx,
      Claimant claimant,
      List<ClaimableLane> lanes,
      int[] quotas,
      List<UUID> elsewhere,
      PayloadReads.Turn turn) {
    if (Quotas.sum(quotas) == 0) {
      return Later.of(Claimed.NOTHING);
    }
    if (lanes.stream().anyMatch(lane -> lane.freeSlots() != null)) {
      slotCountStore.insertMissingSlots(
          tx, lanes.stream().mapToLong(ClaimableLane::laneId).toArray());
    }
    return turn.begin()
        ? claimStore.claim(tx, claimant, lanes, quotas, elsewhere)
        : Later.of(Claimed.NOTHING);
  }

  /** The lane after which the next round starts. */
  private static Position last(List<ClaimableLane> lanes, int[] quotas, int max) {
    if (Quotas.sum(quotas) == max) {
      int served = Quotas.lastServed(quotas);
      if (served < lanes.size() - 1) {
        return lanes.get(served).position(); // the quotas end before the last lane
      }
    }
    return lanes.size() < LANES_PER_ROUND ? Position.START : lanes.getLast().position();
  }
}
