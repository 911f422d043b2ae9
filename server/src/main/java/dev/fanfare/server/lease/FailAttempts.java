package dev.fanfare.server.lease;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.AttemptReport.Retry;
import dev.fanfare.server.lease.AttemptReport.Returned;
import dev.fanfare.server.lease.AttemptReport.Verdict;
import dev.fanfare.server.lease.LeaseStore.Claimed;
import dev.fanfare.server.queue.DelayStore;
import dev.fanfare.server.queue.Entry;
import dev.fanfare.server.queue.SlotStore;
import dev.fanfare.server.run.Ending;
import dev.fanfare.server.run.FinishRuns;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * Decides what follows a failed attempt, by the policy stored with its task: another attempt on the
 * same worker after a short wait, another one from the queue after a long wait, or the end.
 */
public final class FailAttempts {
  private final FinishRuns finish;
  private final RandomGenerator random;
  private final Duration inPlaceMax;
  private final LeaseStore leases = new LeaseStore();
  private final DelayStore delays = new DelayStore();
  private final SlotStore slots = new SlotStore();

  /**
   * @param inPlaceMax the longest wait that a worker sits out itself, slot and all; a run that
   *     waits longer goes back to its queue
   */
  public FailAttempts(FinishRuns finish, RandomGenerator random, Duration inPlaceMax) {
    this.finish = finish;
    this.random = random;
    this.inPlaceMax = inPlaceMax;
  }

  void fail(Tx tx, int environmentId, UUID sessionId, List<Finished> failed, Verdict verdict) {
    List<Claimed> asked = failed.stream().map(Claimed::of).toList();
    Map<UUID, Lease.WithPolicy> held = new HashMap<>();
    leases
        .lock(tx, environmentId, sessionId, asked)
        .forEach(lease -> held.put(lease.lease().runId(), lease));
    List<Finished> over = new ArrayList<>();
    Map<UUID, Duration> later = new HashMap<>();
    for (Finished finished : failed) {
      Lease.WithPolicy lease = held.get(finished.runId());
      if (lease == null) {
        verdict.lost().add(new Returned(finished.runId(), finished.fence()));
      } else if (!finished.retryable() || finished.attempt() >= lease.maxAttempts()) {
        over.add(finished);
      } else {
        Duration wait = Backoff.after(lease.policy(), finished.attempt(), random);
        if (wait.compareTo(inPlaceMax) <= 0) {
          verdict.retries().add(retry(finished, wait));
        } else {
          later.put(finished.runId(), wait);
        }
      }
    }
    noteAttempts(tx, environmentId, sessionId, verdict.retries());
    end(tx, environmentId, sessionId, over);
    retryLater(tx, environmentId, sessionId, failed, later);
  }

  /** A start that was never reported, because its end came first, is still an attempt made. */
  private void noteAttempts(Tx tx, int environmentId, UUID sessionId, List<Retry> retries) {
    if (!retries.isEmpty()) {
      leases.start(
          tx,
          environmentId,
          sessionId,
          retries.stream().map(r -> new Claimed(r.runId(), r.fence(), r.attempt() - 1)).toList());
    }
  }

  private void end(Tx tx, int environmentId, UUID sessionId, List<Finished> over) {
    if (over.isEmpty()) {
      return;
    }
    Map<UUID, Lease> released =
        Lease.byRun(
            leases.release(tx, environmentId, sessionId, over.stream().map(Claimed::of).toList()));
    List<Ending> endings = new ArrayList<>(over.size());
    for (Finished finished : over) {
      Lease lease = released.get(finished.runId());
      if (lease != null) {
        endings.add(lease.ending(finished, RunStatus.FAILED));
      }
    }
    finish.finish(tx, environmentId, endings);
  }

  private void retryLater(
      Tx tx, int environmentId, UUID sessionId, List<Finished> failed, Map<UUID, Duration> later) {
    if (later.isEmpty()) {
      return;
    }
    Map<UUID, Finished> byRun = new HashMap<>();
    failed.stream().filter(f -> later.containsKey(f.runId())).forEach(f -> byRun.put(f.runId(), f));
    List<Lease> released =
        leases.release(
            tx, environmentId, sessionId, byRun.values().stream().map(Claimed::of).toList());
    Instant now = tx.now();
    List<DelayStore.Delayed> delayed = new ArrayList<>(released.size());
    for (Lease lease : released) {
      Finished finished = byRun.get(lease.runId());
      Duration wait = later.get(lease.runId());
      if (finished != null && wait != null) {
        Instant firstStart =
            lease.firstStartedAt() != null
                ? lease.firstStartedAt()
                : now.minusMillis(finished.durationMillis());
        Entry entry =
            new Entry(
                lease.runId(),
                lease.laneId(),
                lease.rank(),
                lease.fence(),
                finished.attempt(),
                lease.losses(),
                firstStart);
        delayed.add(new DelayStore.Delayed(entry, now.plus(wait)));
      }
    }
    delays.insertAll(tx, environmentId, delayed);
    slots.free(tx, environmentId, Lease.slots(released));
  }

  private static Retry retry(Finished finished, Duration wait) {
    return new Retry(finished.runId(), finished.fence(), finished.attempt() + 1, wait.toMillis());
  }
}
