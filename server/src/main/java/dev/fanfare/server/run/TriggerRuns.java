package dev.fanfare.server.run;

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
import dev.fanfare.server.run.DebounceRuns.Gathered;
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
 * Where every run is born: a single trigger, a batch, a part of a streamed batch. A handful of
 * set-based statements in the caller's transaction, however many runs and whatever options they
 * carry: parents (when any is named), keys (when there are any), runs that gather triggers
 * (likewise), runs, tags and packets (likewise), ready entries, expiries and delays (likewise).
 */
public final class TriggerRuns {
  private final TimeOrderedIds ids;
  private final FinishRuns finish;
  private final FamilyReader families = new FamilyReader();
  private final DebounceRuns debounce;
  private final @Nullable Duration ttlMax;
  private final RunStore runs = new RunStore();
  private final KeyStore keys = new KeyStore();
  private final PacketStore packets = new PacketStore();
  private final ReadyStore ready = new ReadyStore();
  private final ExpiryStore expiries = new ExpiryStore();
  private final DelayStore delays = new DelayStore();

  /**
   * @param debounceMaxDelay the longest that triggers can let a run wait when they do not say;
   *     absent: for ever
   * @param ttlMax the longest time that any run may be queued; absent: for ever
   */
  public TriggerRuns(
      TimeOrderedIds ids,
      FinishRuns finish,
      @Nullable Duration debounceMaxDelay,
      @Nullable Duration ttlMax) {
    this.ids = ids;
    this.finish = finish;
    this.debounce = new DebounceRuns(debounceMaxDelay);
    this.ttlMax = ttlMax;
  }

  /**
   * Stores runs and queues them, unless older ones answer for them.
   *
   * @param batchId the batch they belong to; absent: none
   * @param firstIndex the place of the first one in its batch
   * @param now when they were triggered
   * @return for each run, in order, the run that answers it: itself, or by one of its keys an older
   *     one
   */
  public List<TriggeredRun> trigger(
      Tx tx,
      int environmentId,
      @Nullable UUID batchId,
      int firstIndex,
      Source source,
      Instant now,
      List<PlacedRun> placed) {
    List<RunColumns.Minted> minted =
        mint(placed, firstIndex, now, lineages(tx, environmentId, placed));
    Map<KeyStore.TaskKey, UUID> holders = claimKeys(tx, environmentId, now, minted);
    List<UUID> answerIds = new ArrayList<>(minted.size());
    List<RunColumns.Minted> unanswered = new ArrayList<>(minted.size());
    for (RunColumns.Minted run : minted) {
      KeyStore.TaskKey key = key(run);
      UUID holder = key == null ? run.runId() : holders.getOrDefault(key, run.runId());
      answerIds.add(holder);
      if (holder.equals(run.runId())) {
        unanswered.add(run);
      }
    }
    Gathered gathered = debounce.gather(tx, environmentId, now, unanswered);
    passKeysOn(tx, environmentId, unanswered, gathered);
    List<RunColumns.Minted> created = gathered.created();
    if (!created.isEmpty()) {
      runs.insertAll(tx, environmentId, batchId, source, now, created);
      runs.insertTags(tx, environmentId, created);
      enqueue(tx, environmentId, now, gathered);
      recordFailures(tx, environmentId, created);
    }
    keepPackets(tx, environmentId, gathered);
    return answers(minted, answerIds, gathered);
  }

  private static List<TriggeredRun> answers(
      List<RunColumns.Minted> minted, List<UUID> answerIds, Gathered gathered) {
    List<TriggeredRun> answers = new ArrayList<>(minted.size());
    for (int i = 0; i < minted.size(); i++) {
      UUID own = minted.get(i).runId();
      UUID byKey = answerIds.get(i);
      UUID answer = gathered.answers().getOrDefault(byKey, byKey);
      answers.add(new TriggeredRun(answer, !byKey.equals(own), answer.equals(own)));
    }
    return answers;
  }

  /** What children of the parents that are named inherit; one that does not exist is none. */
  private Map<UUID, Lineage> lineages(Tx tx, int environmentId, List<PlacedRun> placed) {
    Set<UUID> parentIds = new HashSet<>();
    for (PlacedRun run : placed) {
      NamedParent parent = run.run().parent();
      if (parent != null && parent.runId() != null) {
        parentIds.add(parent.runId());
      }
    }
    return parentIds.isEmpty() ? Map.of() : families.lineages(tx, environmentId, parentIds);
  }

  /** A key that was claimed for a run which is not made answers with the run that stands for it. */
  private void passKeysOn(
      Tx tx, int environmentId, List<RunColumns.Minted> unanswered, Gathered gathered) {
    Map<KeyStore.TaskKey, UUID> passed = new LinkedHashMap<>();
    for (RunColumns.Minted run : unanswered) {
      KeyStore.TaskKey key = key(run);
      UUID answer = gathered.answers().getOrDefault(run.runId(), run.runId());
      if (key != null && !answer.equals(run.runId())) {
        passed.put(key, answer);
      }
    }
    if (!passed.isEmpty()) {
      keys.pass(tx, environmentId, passed);
    }
  }

  /** Ids grow with the index, and so do ranks: the order of a batch is the order of its items. */
  private List<RunColumns.Minted> mint(
      List<PlacedRun> placed, int firstIndex, Instant now, Map<UUID, Lineage> lineages) {
    List<RunColumns.Minted> minted = new ArrayList<>(placed.size());
    for (int i = 0; i < placed.size(); i++) {
      NamedParent parent = placed.get(i).run().parent();
      UUID parentId = parent == null ? null : parent.runId();
      Lineage lineage = parentId == null ? null : lineages.get(parentId);
      PlacedRun run = placed.get(i);
      minted.add(RunColumns.Minted.of(ids.next(), firstIndex + i, ttl(run), run, lineage, now));
    }
    return minted;
  }

  /** What the trigger says goes before what the task says, and the maximum before both. */
  private @Nullable Duration ttl(PlacedRun placed) {
    Duration said = placed.run().ttl();
    Duration ttl = said == null ? placed.taskTtl() : said.isZero() ? null : said;
    boolean tooLong = ttlMax != null && (ttl == null || ttl.compareTo(ttlMax) > 0);
    return tooLong ? ttlMax : ttl;
  }

  private static KeyStore.@Nullable TaskKey key(RunColumns.Minted run) {
    NewRun.Key key = run.placed().run().key();
    return key == null ? null : new KeyStore.TaskKey(run.placed().taskId(), Hash.of(key.text()));
  }

  /** The first item of a batch with a key claims it; the others follow whatever that one gets. */
  private Map<KeyStore.TaskKey, UUID> claimKeys(
      Tx tx, int environmentId, Instant now, List<RunColumns.Minted> minted) {
    Map<KeyStore.TaskKey, KeyStore.Claim> claims = new LinkedHashMap<>();
    for (RunColumns.Minted run : minted) {
      NewRun.Key key = run.placed().run().key();
      KeyStore.TaskKey taskKey = key(run);
      if (key != null && taskKey != null) {
        claims.putIfAbsent(taskKey, new KeyStore.Claim(taskKey, run.runId(), now.plus(key.ttl())));
      }
    }
    return claims.isEmpty() ? Map.of() : keys.claim(tx, environmentId, now, claims.values());
  }

  /** What a run refers to is pruned no more. */
  private void keepPackets(Tx tx, int environmentId, Gathered gathered) {
    Set<String> paths = new HashSet<>();
    gathered.created().forEach(run -> addPacket(paths, run.placed().run()));
    gathered.newData().forEach(data -> addPacket(paths, data));
    if (!paths.isEmpty()) {
      packets.keep(tx, environmentId, paths);
    }
  }

  private static void addPacket(Set<String> paths, NewRun run) {
    String path = PacketPath.ofPayload(run.payload(), run.payloadType());
    if (path != null) {
      paths.add(path);
    }
  }

  private void enqueue(Tx tx, int environmentId, Instant now, Gathered gathered) {
    List<RunColumns.Minted> created = gathered.created();
    List<Entry> atOnce = new ArrayList<>(created.size());
    List<ExpiryStore.Expiring> expiring = new ArrayList<>();
    List<DelayStore.Delayed> later = new ArrayList<>();
    for (RunColumns.Minted run : created) {
      NewRun asked = run.placed().run();
      Entry entry = Entry.fresh(run.runId(), run.placed().laneId(), run.rank());
      if (asked.failure() != null || gathered.delayed().contains(run.runId())) {
        continue;
      }
      Instant due = asked.delayUntil();
      if (due != null && due.isAfter(now)) {
        later.add(new DelayStore.Delayed(entry, due));
      } else {
        atOnce.add(entry);
        if (run.ttl() != null) {
          expiring.add(new ExpiryStore.Expiring(entry, now.plus(run.ttl())));
        }
      }
    }
    if (!atOnce.isEmpty()) {
      ready.insertAll(tx, environmentId, atOnce);
    }
    if (!expiring.isEmpty()) {
      expiries.insertAll(tx, environmentId, expiring);
    }
    if (!later.isEmpty()) {
      delays.insertAll(tx, environmentId, later);
    }
  }

  /** Their batch counts the runs that will end one day, which these never were. */
  private void recordFailures(Tx tx, int environmentId, List<RunColumns.Minted> created) {
    List<Ending> endings = new ArrayList<>();
    for (RunColumns.Minted run : created) {
      RunError failure = run.placed().run().failure();
      if (failure != null) {
        endings.add(Ending.withoutAttempt(run.runId(), null, RunStatus.SYSTEM_FAILURE, failure));
      }
    }
    if (!endings.isEmpty()) {
      finish.finish(tx, environmentId, endings);
    }
  }
}
