package dev.fanfare.protocol.worker;

import java.util.List;

/**
 * The server's word on a report.
 *
 * @param lost claims named in the report that this session does not hold (any more): stop them, and
 *     drop what they produced. Nothing of them was written
 * @param retries failed attempts to start again here, still under the same claim
 * @param canceled runs this session holds that were canceled; stop them and report them
 */
public record ReportResponse(List<Held> lost, List<Retry> retries, List<Held> canceled) {

  /**
   * Attempt a run again on this worker.
   *
   * @param runId the run
   * @param fence the claim, unchanged
   * @param attempt the number of the attempt to start
   * @param delayMillis how long to wait before it
   */
  public record Retry(String runId, long fence, int attempt, long delayMillis) {}
}
