package dev.fanfare.server.trigger;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.packet.PacketPath;
import dev.fanfare.server.packet.PacketStore;
import dev.fanfare.server.queue.DelayStore;
import dev.fanfare.server.queue.Entry;
import dev.fanfare.server.queue.ExpiryStore;
import dev.fanfare.server.queue.ReadyStore;
import dev.fanfare.server.run.FamilyQueries;
import dev.fanfare.server.run.FinishRuns;
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
import dev.fanfare.server.text.Hash;
import dev.fanfare.server.trigger.DebounceRuns.Coalesced;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Creates every run: of a single trigger, of a batch, of a part of a streamed batch, of a replay. A
 * handful of set-based statements in the caller's transaction, however many runs and whatever
 * options they carry: idempotency keys, debounced runs, the runs themselves, tags, packets, ready
 * entries, expiries and delays. A statement that has nothing to do is left out.
 */
public final class CreateRuns {
  private final TimeOrderedIds ids;
  private final FinishRuns runsToFinish;
  private final DebounceRuns debounce;
  private final @Nullable Duration ttlMax;
  private final FamilyQueries families = new FamilyQueries();
  private final RunStore runs = new RunStore();
  private final IdempotencyKeyStore keys = new IdempotencyKeyStore();
  private final PacketStore packets = new PacketStore();
  private final ReadyStore ready = new ReadyStore();
  private final ExpiryStore expiries = new ExpiryStore();
  private final DelayStore delays = new DelayStore();

  /**
   * @param debounceMaxDelay the longest that triggers can postpone a run when they do not say;
   *     absent: without limit
   * @param ttlMax the longest time that any run may be queued; absent: without limit
   */
  CreateRuns(
      TimeOrderedIds ids,
      FinishRuns runsToFinish,
      @Nullable Duration debounceMaxDelay,
      @Nullable Duration ttlMax) {
    this.ids = ids;
    this.runsToFinish = runsToFinish;
    this.debounce = new DebounceRuns(debounceMaxDelay);
    this.ttlMax = ttlMax;
  }

  /**
   * What the runs of one call have in common.
   *
   * @param batchId the batch they belong to; absent: none
   * @param firstIndex the position of the first one in its batch
   * @param now when they were triggered
   */
  public record Origin(@Nullable UUID batchId, int firstIndex, Source source, Instant now) {
    /** Of runs without a batch. */
    public static Origin single(Source source, Instant now) {
      return new Origin(null, 0, source, now);
    }
  }

  /**
   * Stores runs and queues them, unless older runs answer for them.
   *
   * @return for each run, in order, the run that answers it: itself, or by one of its keys an older
   *     one
   */
  public List<TriggeredRun> create(Tx tx, Origin origin, List<PlacedRun> placed) {
    List<RunRow> rows = rows(tx, origin, placed);
    Map<TaskKey, UUID> holders = claimKeys(tx, origin.now(), rows);
    List<RunRow> unanswered =
        rows.stream().filter(row -> holderOfKey(row, holders).equals(row.runId())).toList();
    Coalesced coalesced = debounce.coalesce(tx, origin.now(), unanswered);
    passKeysOn(tx, unanswered, coalesced);
    if (!coalesced.created().isEmpty()) {
      runs.insertAll(tx, origin.batchId(), origin.source(), origin.now(), coalesced.created());
      runs.insertTags(tx, coalesced.created());
      enqueue(tx, origin.now(), coalesced);
      recordFailures(tx, coalesced.created());
    }
    keepPackets(tx, coalesced);
    return rows.stream().map(row -> answer(row, holderOfKey(row, holders), coalesced)).toList();
  }

  private static TriggeredRun answer(RunRow row, UUID holderOfKey, Coalesced coalesced) {
    UUID answerId = coalesced.answers().getOrDefault(holderOfKey, holderOfKey);
    return new TriggeredRun(
        answerId, !holderOfKey.equals(row.runId()), answerId.equals(row.runId()));
  }

  /** Ids grow with the index, and so do ranks: the order of a batch is the order of its items. */
  private List<RunRow> rows(Tx tx, Origin origin, List<PlacedRun> placed) {
    Map<UUID, Lineage> lineages = lineages(tx, placed);
    List<RunRow> rows = new ArrayList<>(placed.size());
    for (PlacedRun place : placed) {
      NewRun run = place.run();
      int index = origin.firstIndex() + rows.size();
      NamedParent parent = run.parent();
      UUID parentId = parent == null ? null : parent.runId();
      rows.add(
          new RunRow(
              ids.next(),
              run,
              place.taskId(),
              place.laneId(),
              index,
              RunRow.rank(run, index, origin.now()),
              ttl(place),
              parentId == null ? null : lineages.get(parentId)));
    }
    return rows;
  }

  /** What children of the named parents inherit; a parent that does not exist is left out. */
  private Map<UUID, Lineage> lineages(Tx tx, List<PlacedRun> placed) {
    Set<UUID> parentIds = new HashSet<>();
    for (PlacedRun place : placed) {
      NamedParent parent = place.run().parent();
      if (parent != null && parent.runId() != null) {
        parentIds.add(parent.runId());
      }
    }
    return parentIds.isEmpty() ? Map.of() : families.lineages(tx, parentIds);
  }

  /** The trigger's ttl overrides the task's, and the maximum caps both. */
  private @Nullable Duration ttl(PlacedRun placed) {
    Duration asked = placed.run().ttl();
    Duration ttl = asked == null ? placed.taskTtl() : asked.isZero() ? null : asked;
    boolean tooLong = ttlMax != null && (ttl == null || ttl.compareTo(ttlMax) > 0);
    return tooLong ? ttlMax : ttl;
  }

  private static @Nullable TaskKey key(RunRow row) {
    NewRun.Key key = row.run().key();
    return key == null ? null : new TaskKey(row.taskId(), Hash.of(key.text()));
  }

  /** The run that has a row's idempotency key; the row's own when it brings no key. */
  private static UUID holderOfKey(RunRow row, Map<TaskKey, UUID> holders) {
    TaskKey key = holders.isEmpty() ? null : key(row);
    return key == null ? row.runId() : holders.getOrDefault(key, row.runId());
  }

  /** The first item of a batch with a key claims it; the others get the same answer. */
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

  /** A key that was claimed for a trigger which created no run answers with the coalescing run. */
  private void passKeysOn(Tx tx, List<RunRow> unanswered, Coalesced coalesced) {
    Map<TaskKey, UUID> passed = new LinkedHashMap<>();
    for (RunRow row : unanswered) {
      UUID answerId = coalesced.answers().get(row.runId());
      TaskKey key = answerId == null || answerId.equals(row.runId()) ? null : key(row);
      if (key != null) {
        passed.put(key, answerId);
      }
    }
    if (!passed.isEmpty()) {
      keys.repoint(tx, passed);
    }
  }

  private void enqueue(Tx tx, Instant now, Coalesced coalesced) {
    List<Entry> atOnce = new ArrayList<>(coalesced.created().size());
    List<ExpiryStore.Expiring> expiring = new ArrayList<>();
    List<DelayStore.Delayed> later = new ArrayList<>();
    for (RunRow row : coalesced.created()) {
      if (row.run().failure() != null || coalesced.delayed().contains(row.runId())) {
        continue;
      }
      Entry entry = Entry.fresh(row.runId(), row.laneId(), row.rank());
      Instant due = row.run().delayUntil();
      if (due != null && due.isAfter(now)) {
        later.add(new DelayStore.Delayed(entry, due));
      } else {
        atOnce.add(entry);
        if (row.ttl() != null) {
          expiring.add(new ExpiryStore.Expiring(entry, now.plus(row.ttl())));
        }
      }
    }
    if (!atOnce.isEmpty()) {
      ready.insertAll(tx, atOnce);
    }
    if (!expiring.isEmpty()) {
      expiries.insertAll(tx, expiring);
    }
    if (!later.isEmpty()) {
      delays.insertAll(tx, later);
    }
  }

  /** Items that could not become proper runs; their batch never counts these as open. */
  private void recordFailures(Tx tx, List<RunRow> created) {
    List<Outcome> outcomes = new ArrayList<>();
    for (RunRow row : created) {
      RunError failure = row.run().failure();
      if (failure != null) {
        outcomes.add(Outcome.withoutAttempt(row.runId(), null, RunStatus.SYSTEM_FAILURE, failure));
      }
    }
    if (!outcomes.isEmpty()) {
      runsToFinish.finish(tx, outcomes);
    }
  }

  /** A packet to which a run refers is not pruned. */
  private void keepPackets(Tx tx, Coalesced coalesced) {
    Set<String> paths = new HashSet<>();
    coalesced.created().forEach(row -> addPacket(paths, row.run()));
    coalesced.newData().forEach(data -> addPacket(paths, data));
    if (!paths.isEmpty()) {
      packets.keep(tx, paths);
    }
  }

  private static void addPacket(Set<String> paths, NewRun run) {
    String path = PacketPath.ofPayload(run.payload(), run.payloadType());
    if (path != null) {
      paths.add(path);
    }
  }
}
