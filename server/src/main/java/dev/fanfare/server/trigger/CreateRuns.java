package dev.fanfare.server.trigger;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.packet.PacketPath;
import dev.fanfare.server.packet.PacketRef;
import dev.fanfare.server.packet.PacketStore;
import dev.fanfare.server.queue.DelayStore;
import dev.fanfare.server.queue.Entry;
import dev.fanfare.server.queue.ExpiryStore;
import dev.fanfare.server.queue.FreshRunStore;
import dev.fanfare.server.queue.LaneStore;
import dev.fanfare.server.run.FamilyQueries;
import dev.fanfare.server.run.FinishRuns;
import dev.fanfare.server.run.HandOver.Reservation;
import dev.fanfare.server.run.IdempotencyKeyStore;
import dev.fanfare.server.run.IdempotencyKeyStore.Claim;
import dev.fanfare.server.run.IdempotencyKeyStore.TaskKey;
import dev.fanfare.server.run.Lineage;
import dev.fanfare.server.run.NamedParent;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.Outcome;
import dev.fanfare.server.run.RunRow;
import dev.fanfare.server.run.RunStore;
import dev.fanfare.server.run.Source;
import dev.fanfare.server.task.Task;
import dev.fanfare.server.text.Hash;
import dev.fanfare.server.trigger.DebounceRuns.Coalesced;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Creates runs. Every run is created here: those of single triggers, batches, streamed batches and
 * replays.
 *
 * <p>The runs are stored in the caller's transaction by a few set-based statements, whatever their
 * number: idempotency keys, debounced runs, runs, tags, ready entries, expiries, delays, packets. A
 * statement without rows is not sent.
 */
public final class CreateRuns {
  private final TimeOrderedIds ids;
  private final FinishRuns finishRuns;
  private final DebounceRuns debounceRuns;
  private final @Nullable Duration ttlMax;
  private final FamilyQueries families = new FamilyQueries();
  private final CanceledParentStore canceledParents = new CanceledParentStore();
  private final RunStore runStore = new RunStore();
  private final IdempotencyKeyStore keys = new IdempotencyKeyStore();
  private final PacketStore packets = new PacketStore();
  private final FreshRunStore fresh = new FreshRunStore();
  private final ExpiryStore expiries = new ExpiryStore();
  private final DelayStore delays = new DelayStore();
  private final LaneStore lanes = new LaneStore();

  /**
   * @param debounceMaxDelay how long after its creation a run can be postponed, unless the trigger
   *     sets a limit; absent: without limit
   * @param ttlMax the maximum time to live of any run; absent: without limit
   */
  CreateRuns(
      TimeOrderedIds ids,
      FinishRuns finishRuns,
      @Nullable Duration debounceMaxDelay,
      @Nullable Duration ttlMax) {
    this.ids = ids;
    this.finishRuns = finishRuns;
    this.debounceRuns = new DebounceRuns(debounceMaxDelay);
    this.ttlMax = ttlMax;
  }

  /**
   * What the runs of one call have in common.
   *
   * @param batchId the batch they belong to; absent: none
   * @param firstIndex the position of the first run in its batch
   * @param now when they were triggered
   */
  public record Origin(@Nullable UUID batchId, int firstIndex, Source source, Instant now) {
    /** The origin of runs without a batch. */
    public static Origin single(Source source, Instant now) {
      return new Origin(null, 0, source, now);
    }
  }

  /**
   * Stores and queues runs, except those that an existing run answers: one with the same
   * idempotency key, or one into which the trigger is coalesced.
   *
   * @param poll gets the first runs that can be executed, as many as it accepts; they are not
   *     queued
   * @return for each trigger, in order, the run that answers it: the new run or an existing one
   * @throws dev.fanfare.server.queue.OutdatedLaneException if a lane was retired after it was
   *     assigned; see {@link AssignLanes#retrying}
   */
  public List<TriggeredRun> create(
      Tx tx, Origin origin, List<PlacedRun> placedRuns, Reservation poll) {
    return create(tx, origin, placedRuns, newIds(placedRuns.size()), poll);
  }

  /** Ids for runs, each greater by one than the one before. */
  List<UUID> newIds(int count) {
    return ids.range(count);
  }

  /** The maximum time to live of any run; {@code null}: without limit. */
  public @Nullable Duration ttlMax() {
    return ttlMax;
  }

  /**
   * The lineage of children of a run; {@code null} if it is unknown. If it is canceled, a sweep
   * will cancel the children.
   */
  public @Nullable Lineage lineage(Tx tx, NamedParent parent) {
    UUID parentId = parent.runId();
    return parentId == null ? null : lineages(tx, Set.of(parentId)).get(parentId);
  }

  /**
   * As {@link #create(Tx, Origin, List, Reservation)}.
   *
   * @param runIds the ids of the runs to create, each greater by one than the one before
   */
  public List<TriggeredRun> create(
      Tx tx, Origin origin, List<PlacedRun> placedRuns, List<UUID> runIds, Reservation poll) {
    List<RunRow> rows = rows(tx, origin, placedRuns, runIds);
    Map<TaskKey, UUID> holders = claimKeys(tx, origin.now(), rows);
    List<RunRow> unanswered =
        rows.stream().filter(row -> holderOfKey(row, holders).equals(row.runId())).toList();
    Coalesced coalesced = debounceRuns.coalesce(tx, origin.now(), unanswered);
    repointKeys(tx, unanswered, coalesced);
    if (!coalesced.created().isEmpty()) {
      runStore.insertAll(tx, origin.batchId(), origin.source(), origin.now(), coalesced.created());
      runStore.insertMetadata(tx, coalesced.created());
      runStore.insertTags(tx, coalesced.created());
      enqueue(tx, origin, coalesced, assumed(placedRuns), poll);
      recordFailures(tx, coalesced.created());
    }
    keepPackets(tx, coalesced);
    return rows.stream().map(row -> triggered(row, holderOfKey(row, holders), coalesced)).toList();
  }

  private static TriggeredRun triggered(RunRow row, UUID holderOfKey, Coalesced coalesced) {
    // By the holder, because an earlier row with the same key may have been coalesced itself.
    UUID answerId = coalesced.answers().getOrDefault(holderOfKey, holderOfKey);
    return new TriggeredRun(
        answerId, !holderOfKey.equals(row.runId()), answerId.equals(row.runId()));
  }

  /** Ids and ranks increase with the index, so the runs of a batch keep the order of its items. */
  private List<RunRow> rows(Tx tx, Origin origin, List<PlacedRun> placedRuns, List<UUID> runIds) {
    Map<UUID, Lineage> lineages = lineages(tx, placedRuns);
    List<RunRow> rows = new ArrayList<>(placedRuns.size());
    for (int i = 0; i < placedRuns.size(); i++) {
      PlacedRun placed = placedRuns.get(i);
      NewRun run = placed.run();
      int index = origin.firstIndex() + i;
      NamedParent parent = run.parent();
      UUID parentId = parent == null ? null : parent.runId();
      rows.add(
          new RunRow(
              runIds.get(i),
              run,
              placed.lane(),
              placed.laneId(),
              index,
              RunRow.rank(run, index, origin.now()),
              ttl(placed),
              parentId == null ? null : lineages.get(parentId)));
    }
    return rows;
  }

  private Map<UUID, Lineage> lineages(Tx tx, List<PlacedRun> placedRuns) {
    Set<UUID> parentIds = new HashSet<>();
    for (PlacedRun placed : placedRuns) {
      NamedParent parent = placed.run().parent();
      if (parent != null && parent.runId() != null) {
        parentIds.add(parent.runId());
      }
    }
    return parentIds.isEmpty() ? Map.of() : lineages(tx, parentIds);
  }

  /**
   * The lineages of new children, by parent, without unknown parents. If a parent is canceled, a
   * sweep will cancel the children.
   */
  private Map<UUID, Lineage> lineages(Tx tx, Set<UUID> parentIds) {
    Map<UUID, Lineage> lineages = families.lineages(tx, parentIds);
    if (!lineages.isEmpty()) {
      canceledParents.cancelChildren(tx, lineages.keySet());
    }
    return lineages;
  }

  /** The trigger's ttl overrides the task's, and the maximum caps both. */
  private @Nullable Duration ttl(PlacedRun placed) {
    Duration own = placed.run().ttl();
    Duration ttl = own == null ? placed.taskTtl() : own.isZero() ? null : own;
    boolean tooLong = ttlMax != null && (ttl == null || ttl.compareTo(ttlMax) > 0);
    return tooLong ? ttlMax : ttl;
  }

  private static @Nullable TaskKey key(RunRow row) {
    NewRun.Key key = row.run().key();
    return key == null ? null : new TaskKey(row.taskId(), Hash.of(key.text()));
  }

  /** The run that holds a row's idempotency key; the row's own run if it has no key. */
  private static UUID holderOfKey(RunRow row, Map<TaskKey, UUID> holders) {
    TaskKey key = holders.isEmpty() ? null : key(row);
    return key == null ? row.runId() : holders.getOrDefault(key, row.runId());
  }

  /** Claims each key once: for the first of several rows that have it. */
  private Map<TaskKey, UUID> claimKeys(Tx tx, Instant now, List<RunRow> rows) {
    Map<TaskKey, Claim> claims = new LinkedHashMap<>();
    for (RunRow row : rows) {
      NewRun.Key key = row.run().key();
      TaskKey taskKey = key(row);
      if (key != null && taskKey != null) {
        claims.putIfAbsent(taskKey, new Claim(taskKey, row.runId(), now.plus(key.ttl())));
      }
    }
    return claims.isEmpty() ? Map.of() : keys.claim(tx, now, claims.values());
  }

  /** Points the keys of coalesced triggers, which create no run, at the runs that answer them. */
  private void repointKeys(Tx tx, List<RunRow> unanswered, Coalesced coalesced) {
    Map<TaskKey, UUID> repointed = new LinkedHashMap<>();
    for (RunRow row : unanswered) {
      UUID answerId = coalesced.answers().get(row.runId());
      TaskKey key = answerId == null || answerId.equals(row.runId()) ? null : key(row);
      if (key != null) {
        repointed.put(key, answerId);
      }
    }
    if (!repointed.isEmpty()) {
      keys.repoint(tx, repointed);
    }
  }

  /** The tasks that were not looked up. */
  private static Set<Task> assumed(List<PlacedRun> placedRuns) {
    return placedRuns.stream()
        .map(PlacedRun::assumed)
        .filter(Objects::nonNull)
        .collect(Collectors.toSet());
  }

  private void enqueue(
      Tx tx, Origin origin, Coalesced coalesced, Set<Task> assumed, Reservation poll) {
    Instant now = origin.now();
    List<RunRow> readyNow = new ArrayList<>(coalesced.created().size());
    List<ExpiryStore.Expiring> expiring = new ArrayList<>();
    List<DelayStore.Delayed> later = new ArrayList<>();
    Set<Long> delayedLanes = new HashSet<>();
    for (RunRow row : coalesced.created()) {
      if (row.run().failure() != null) {
        continue;
      }
      if (coalesced.delayed().contains(row.runId())) {
        delayedLanes.add(row.laneId());
        continue;
      }
      Entry entry = Entry.fresh(row.runId(), row.laneId(), row.rank());
      Instant due = row.run().delayUntil();
      if (due != null && due.isAfter(now)) {
        later.add(new DelayStore.Delayed(entry, due));
        delayedLanes.add(row.laneId());
      } else {
        readyNow.add(row);
        if (row.ttl() != null) {
          expiring.add(new ExpiryStore.Expiring(entry, now.plus(row.ttl())));
        }
      }
    }
    enqueueReady(tx, origin, readyNow, assumed, poll);
    if (!expiring.isEmpty()) {
      expiries.insertAll(tx, expiring);
    }
    if (!later.isEmpty()) {
      delays.insertAll(tx, later);
    }
    if (!delayedLanes.isEmpty()) {
      lanes.requireInUse(tx, delayedLanes);
    }
  }

  private void enqueueReady(
      Tx tx, Origin origin, List<RunRow> rows, Set<Task> assumed, Reservation poll) {
    boolean mayExpire = rows.stream().anyMatch(row -> row.ttl() != null); // only while it is queued
    int handedOver = mayExpire ? 0 : poll.accepted(rows);
    if (handedOver > 0) {
      poll.insert(tx, origin.now(), origin.batchId(), rows.subList(0, handedOver), assumed);
    }
    if (handedOver < rows.size()) {
      List<FreshRunStore.Fresh> queued =
          rows.subList(handedOver, rows.size()).stream().map(CreateRuns::fresh).toList();
      fresh.insert(tx, queued, assumed);
    }
  }

  private static FreshRunStore.Fresh fresh(RunRow row) {
    Entry entry = Entry.fresh(row.runId(), row.laneId(), row.rank());
    return new FreshRunStore.Fresh(entry, row.lane(), row.ttl() != null);
  }

  /**
   * Ends the runs that are stored as failed. Their batch does not count them as open, so no batch
   * id is passed.
   */
  private void recordFailures(Tx tx, List<RunRow> created) {
    List<Outcome> outcomes = new ArrayList<>();
    for (RunRow row : created) {
      RunError failure = row.run().failure();
      if (failure != null) {
        outcomes.add(Outcome.withoutAttempt(row.runId(), null, RunStatus.SYSTEM_FAILURE, failure));
      }
    }
    if (!outcomes.isEmpty()) {
      finishRuns.finish(tx, outcomes);
    }
  }

  /** Keeps the packets that payloads refer to. */
  private void keepPackets(Tx tx, Coalesced coalesced) {
    List<PacketRef> refs = new ArrayList<>();
    coalesced.created().forEach(row -> addPacket(refs, row.runId(), row.run()));
    coalesced.newData().forEach((runId, data) -> addPacket(refs, runId, data));
    if (!refs.isEmpty()) {
      packets.keep(tx, refs);
    }
  }

  private static void addPacket(List<PacketRef> refs, UUID runId, NewRun run) {
    String path = PacketPath.ofPayload(run.payload(), run.payloadType());
    if (path != null) {
      refs.add(new PacketRef(runId, path));
    }
  }
}
