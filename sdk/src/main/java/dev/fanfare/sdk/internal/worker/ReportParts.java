package dev.fanfare.sdk.internal.worker;

import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.LeaseRef;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.Started;
import java.util.List;

/** How a report is parted to find the entry that keeps it from getting through. */
final class ReportParts {
  private ReportParts() {}

  static int size(ReportRequest report) {
    return report.started().size() + report.finished().size() + report.returned().size();
  }

  /** Whether the report is a heartbeat. */
  static boolean isEmpty(ReportRequest report) {
    return size(report) == 0;
  }

  /** Parts a report with more than one entry in two: by its lists first, then in halves. */
  static List<ReportRequest> of(ReportRequest report) {
    List<Started> starts = report.started();
    List<Finished> ends = report.finished();
    List<LeaseRef> back = report.returned();
    if (!starts.isEmpty() && starts.size() < size(report)) {
      return List.of(
          new ReportRequest(starts, List.of(), List.of()),
          new ReportRequest(List.of(), ends, back));
    }
    if (!ends.isEmpty() && !back.isEmpty()) {
      return List.of(
          new ReportRequest(List.of(), ends, List.of()),
          new ReportRequest(List.of(), List.of(), back));
    }
    return List.of(
        new ReportRequest(firstHalf(starts), firstHalf(ends), firstHalf(back)),
        new ReportRequest(secondHalf(starts), secondHalf(ends), secondHalf(back)));
  }

  private static <T> List<T> firstHalf(List<T> list) {
    return list.subList(0, list.size() / 2);
  }

  private static <T> List<T> secondHalf(List<T> list) {
    return list.subList(list.size() / 2, list.size());
  }
}
