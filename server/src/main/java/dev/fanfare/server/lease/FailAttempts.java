package dev.fanfare.server.lease;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.AttemptReport.Retry;
import dev.fanfare.server.queue.Entry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * Decides what follows a failed attempt, by the retry policy of its task: another attempt in place
 * after a short wait, another one from the queue after a longer wait, or the end of the run.
 */
final class FailAttempts {
  private final RandomGenerator random;
  private final Duration inPlaceMax;
  private final LeaseStore leaseStore = new LeaseStore();

  /**
   * @param inPlaceMax the longest wait for a retry in place, which keeps the worker's slot; a run
   *     that waits longer goes back to its queue
   */
  FailAttempts(RandomGenerator random, Duration inPlaceMax) {
    this.random = random;
    this.inPlaceMax = inPlaceMax;
  }

  /** A failed attempt whose run waits in its queue for the next one. */
  private record Later(Finished finished, Duration backoff) {}

  /**
   * What the response says of the failed attempts.
   *
   * @param lost leases that the session does not hold, or no longer holds
   * @param retries attempts that the worker starts under the same lease
   */
  record FailResult(List<LeaseRef> lost, List<Retry> retries) {}

  /**
   * Decides what follows the failed attempts, and adds the leases that end to the settlement.
   *
   * @param retriesMax how many runs may be retried in place; the others wait in their queues
   */
  FailResult fail(
      Tx tx, UUID sessionId, List<Finished> failed, int retriesMax, Settlement settlement) {
    Map<LeaseRef, Lease.WithPolicy> leaseByRef = lock(tx, sessionId, failed);
    List<LeaseRef> lost = new ArrayList<>();
    List<Retry> retries = new ArrayList<>();
    List<Finished> last = new ArrayList<>();
    List<Later> later = new ArrayList<>();
    for (Finished finished : failed) {
      Lease.WithPolicy lease = leaseByRef.remove(finished.lease());
      if (lease == null) {
        lost.add(finished.lease());
      } else if (lease.lease().canceled()
          || !finished.retryable()
          || finished.attempt() >= lease.maxAttempts()) {
        last.add(finished);
      } else {
        Duration wait = Backoff.after(lease.policy(), finished.attempt(), random);
        if (wait.compareTo(inPlaceMax) <= 0 && retries.size() < retriesMax) {
          retries.add(retry(finished, wait));
        } else {
          later.add(new Later(finished, wait));
        }
      }
    }
    recordStarts(tx, sessionId, retries);
    if (!last.isEmpty() || !later.isEmpty()) {
      endLeases(tx, sessionId, last, later, settlement);
    }
    return new FailResult(lost, retries);
  }

  private Map<LeaseRef, Lease.WithPolicy> lock(Tx tx, UUID sessionId, List<Finished> failed) {
    Map<LeaseRef, Lease.WithPolicy> leaseByRef = new HashMap<>();
    leaseStore
        .lockWithPolicy(tx, sessionId, failed.stream().map(Finished::ref).toList())
        .forEach(lease -> leaseByRef.put(lease.lease().ref(), lease));
    return leaseByRef;
  }

  /** Records the failed attempts as started: a worker may report only the end of an attempt. */
  private void recordStarts(Tx tx, UUID sessionId, List<Retry> retries) {
    if (!retries.isEmpty()) {
      leaseStore.start(
          tx,
          sessionId,
          retries.stream()
              .map(r -> new AttemptRef(r.runId(), r.fence(), r.attempt() - 1))
              .toList());
    }
  }

  private void endLeases(
      Tx tx, UUID sessionId, List<Finished> last, List<Later> later, Settlement settlement) {
    List<AttemptRef> attempts =
        Stream.concat(last.stream(), later.stream().map(Later::finished))
            .map(Finished::ref)
            .toList();
    Map<LeaseRef, Lease> ended = Lease.byRef(leaseStore.end(tx, sessionId, attempts));
    for (Finished finished : last) {
      Lease lease = ended.get(finished.lease());
      if (lease != null) {
        settlement.end(lease, lease.outcome(finished, FailedStatus.of(finished.error())));
      }
    }
    if (!later.isEmpty()) {
      Instant now = tx.now();
      for (Later l : later) {
        Lease lease = ended.get(l.finished().lease());
        if (lease != null) {
          settlement.delay(lease, next(lease, l.finished(), now), now.plus(l.backoff()));
        }
      }
    }
  }

  /** The entry of the run while it waits for its next attempt. */
  private static Entry next(Lease lease, Finished finished, Instant now) {
    Instant firstStart =
        lease.firstStartedAt() != null
            ? lease.firstStartedAt()
            : now.minusMillis(finished.durationMillis());
    return new Entry(
        lease.runId(),
        lease.laneId(),
        lease.rank(),
        lease.fence(),
        finished.attempt(),
        lease.losses(),
        firstStart);
  }

  private static Retry retry(Finished finished, Duration wait) {
    return new Retry(finished.runId(), finished.fence(), finished.attempt() + 1, wait.toMillis());
  }
}
