package dev.fanfare.protocol.worker;

import java.util.List;

/**
 * Reports everything that happened since the last report, for many runs in one round trip. A report
 * whose lists are all empty is a heartbeat.
 *
 * @param started attempts that began and have not ended
 * @param finished attempts that ended; their start need not have been reported
 * @param returned leases returned without starting an attempt, for example because the worker is
 *     stopping
 */
public record ReportRequest(
    List<Started> started, List<Finished> finished, List<LeaseRef> returned) {}
