package dev.fanfare.protocol.worker;

import java.util.List;

/**
 * What happened since the last report; many runs in one request, one round trip. All lists may be
 * empty: then it is a heartbeat.
 *
 * @param started attempts that began and have not ended
 * @param finished attempts that ended; a start need not have been reported before
 * @param returned runs handed back unstarted, for example because the worker is stopping
 */
public record ReportRequest(List<Started> started, List<Finished> finished, List<Held> returned) {}
