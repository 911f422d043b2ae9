package dev.fanfare.server.lease;

import dev.fanfare.server.lease.AttemptReport.Finished;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The leases of a session as this server claimed them. Most leases are reported to the server that
 * claimed them and have not changed since, so that a report need not read them first. The report
 * checks it. Thread-safe.
 */
public final class KnownLeases {
  private final Session session;
  private final Map<UUID, Lease> byRun;

  public KnownLeases(Session session) {
    this.session = session;
    this.byRun =
        new LinkedHashMap<>() {
          @Override
          protected boolean removeEldestEntry(Map.Entry<UUID, Lease> eldest) {
            // Beyond what executes and what is being reported, it was reported elsewhere, or lost.
            return size() > 2 * session.heldMax();
          }
        };
  }

  /** Notes claimed runs. */
  public synchronized void add(Collection<ClaimedRun> runs) {
    for (ClaimedRun run : runs) {
      byRun.put(run.runId(), run.lease(session.versionId()));
    }
  }

  /**
   * The leases of these attempts in their order; {@code null} if one is not known, or if an attempt
   * is not the first of its run.
   */
  synchronized @Nullable List<Lease> of(Collection<Finished> attempts) {
    List<Lease> leases = new ArrayList<>(attempts.size());
    for (Finished finished : attempts) {
      Lease lease = byRun.get(finished.runId());
      if (lease == null
          || lease.fence() != finished.fence()
          || lease.attempt() != 0
          || finished.attempt() != 1) {
        return null;
      }
      leases.add(lease);
    }
    return leases;
  }

  /** Forgets the leases that a report names, whatever becomes of them. */
  synchronized void forget(AttemptReport report) {
    report.started().forEach(attempt -> byRun.remove(attempt.runId()));
    report.finished().forEach(finished -> byRun.remove(finished.runId()));
    report.returned().forEach(lease -> byRun.remove(lease.runId()));
  }
}
