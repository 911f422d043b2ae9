package dev.fanfare.protocol.worker;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reports everything that happened since the last report, for many runs in one round trip. A report
 * whose lists are all empty is a heartbeat.
 *
 * @param started attempts that began and have not ended
 * @param finished attempts that ended; their start need not have been reported
 * @param returned leases returned without starting an attempt, for example because the worker is
 *     stopping
 * @param held how many runs the worker holds, including those named here. If they are more than the
 *     session has slots, failed runs wait for their next attempt in the queue and not at the
 *     worker; absent: the server does not check
 * @param checked leases that the worker holds, to learn whether it lost some, at most 10,000;
 *     absent: none
 */
public record ReportRequest(
    List<Started> started,
    List<Finished> finished,
    List<LeaseRef> returned,
    @Nullable Integer held,
    @Nullable List<LeaseRef> checked) {
  /** A report that does not say how many runs the worker holds. */
  public ReportRequest(List<Started> started, List<Finished> finished, List<LeaseRef> returned) {
    this(started, finished, returned, null, null);
  }

  /** The same report of a worker that holds this many runs. */
  public ReportRequest holding(int runs) {
    return new ReportRequest(started, finished, returned, runs, checked);
  }

  /** The same report of a worker that asks whether it lost some of these leases. */
  public ReportRequest checking(List<LeaseRef> leases) {
    return new ReportRequest(started, finished, returned, held, leases);
  }
}
