package dev.fanfare.server.lease;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.AttemptReport.ReportResult;
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
 * Decides what follows a failed attempt, by the policy stored with its task: another attempt on the
 * same worker after a short wait, another one from the queue after a long wait, or the end.
 */
final class FailAttempts {
  private final RandomGenerator random;
  private final Duration inPlaceMax;
  private final LeaseStore leases = new LeaseStore();

  /**
   * @param inPlaceMax the longest wait that a worker sits out itself, slot and all; a run that
   *     waits longer goes back to its queue
   */
  FailAttempts(RandomGenerator random, Duration inPlaceMax) {
    this.random = random;
    this.inPlaceMax = inPlaceMax;
  }

  /** A failed attempt whose run waits long for its next one. */
  private record Later(Finished finished, Duration pause) {}

  void fail(
      Tx tx, UUID sessionId, List<Finished> failed, ReportResult verdict, Settlement settlement) {
    Map<LeaseRef, Lease.WithPolicy> held = lock(tx, sessionId, failed);
    List<Finished> over = new ArrayList<>();
    List<Later> later = new ArrayList<>();
    for (Finished finished : failed) {
      Lease.WithPolicy lease = held.remove(finished.lease());
      if (lease == null) {
        verdict.lost().add(finished.lease());
      } else if (lease.lease().canceled()
          || !finished.retryable()
          || finished.attempt() >= lease.maxAttempts()) {
        over.add(finished);
      } else {
        Duration wait = Backoff.after(lease.policy(), finished.attempt(), random);
        if (wait.compareTo(inPlaceMax) <= 0) {
          verdict.retries().add(retry(finished, wait));
        } else {
          later.add(new Later(finished, wait));
        }
      }
    }
    noteAttempts(tx, sessionId, verdict.retries());
    if (!over.isEmpty() || !later.isEmpty()) {
      release(tx, sessionId, over, later, settlement);
    }
  }

  private Map<LeaseRef, Lease.WithPolicy> lock(Tx tx, UUID sessionId, List<Finished> failed) {
    Map<LeaseRef, Lease.WithPolicy> held = new HashMap<>();
    leases
        .lock(tx, sessionId, failed.stream().map(Finished::ref).toList())
        .forEach(l -> held.put(l.lease().ref(), l));
    return held;
  }

  /** A start that was never reported, because its end came first, is still an attempt made. */
  private void noteAttempts(Tx tx, UUID sessionId, List<Retry> retries) {
    if (!retries.isEmpty()) {
      leases.start(
          tx,
          sessionId,
          retries.stream()
              .map(r -> new AttemptRef(r.runId(), r.fence(), r.attempt() - 1))
              .toList());
    }
  }

  private void release(
      Tx tx, UUID sessionId, List<Finished> over, List<Later> later, Settlement settlement) {
    List<AttemptRef> claims =
        Stream.concat(over.stream(), later.stream().map(Later::finished))
            .map(Finished::ref)
            .toList();
    Map<LeaseRef, Lease> released = Lease.byRef(leases.release(tx, sessionId, claims));
    for (Finished finished : over) {
      Lease lease = released.get(finished.lease());
      if (lease != null) {
        settlement.end(lease, lease.outcome(finished, FailedStatus.of(finished.error())));
      }
    }
    if (!later.isEmpty()) {
      Instant now = tx.now();
      for (Later l : later) {
        Lease lease = released.get(l.finished().lease());
        if (lease != null) {
          settlement.delay(lease, next(lease, l.finished(), now), now.plus(l.pause()));
        }
      }
    }
  }

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
