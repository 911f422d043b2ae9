package dev.fanfare.protocol.worker;

import java.util.List;

/**
 * The response to a report: what the worker must stop and what it must retry.
 *
 * @param lost leases named in the report that this session does not hold, or no longer holds. The
 *     server stored nothing for them; the worker must stop them and discard their results
 * @param retries failed runs that this worker must attempt again, under the same lease
 * @param canceled leases of this session whose runs were canceled; the worker must stop and report
 *     them. Each is named again every few seconds until it ends; it may be one that the response to
 *     a poll, still on its way, assigns
 */
public record ReportResponse(List<LeaseRef> lost, List<Retry> retries, List<LeaseRef> canceled) {

  /**
   * An order to attempt a run again on this worker.
   *
   * @param runId the run
   * @param fence the fence of the lease, unchanged
   * @param attempt the number of the attempt to start
   * @param delayMillis how long to wait before starting it
   */
  public record Retry(String runId, long fence, int attempt, long delayMillis) {}
}
