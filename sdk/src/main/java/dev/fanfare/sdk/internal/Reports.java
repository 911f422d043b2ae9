package dev.fanfare.sdk.internal;

import dev.fanfare.protocol.worker.ReportRequest;
import java.util.ArrayList;
import java.util.List;

/** Cuts reports in two. */
final class Reports {
  private Reports() {}

  static int size(ReportRequest report) {
    return report.started().size() + report.finished().size() + report.returned().size();
  }

  static List<ReportRequest> halves(ReportRequest report) {
    List<ReportRequest> halves = new ArrayList<>(2);
    halves.add(
        new ReportRequest(
            first(report.started()), first(report.finished()), first(report.returned())));
    ReportRequest rest =
        new ReportRequest(
            second(report.started()), second(report.finished()), second(report.returned()));
    if (size(rest) == 0) { // three lists of one: take one list at a time
      return List.of(
          new ReportRequest(report.started(), List.of(), List.of()),
          new ReportRequest(List.of(), report.finished(), List.of()),
          new ReportRequest(List.of(), List.of(), report.returned()));
    }
    halves.add(rest);
    return halves;
  }

  private static <T> List<T> first(List<T> list) {
    return list.subList(0, (list.size() + 1) / 2);
  }

  private static <T> List<T> second(List<T> list) {
    return list.subList((list.size() + 1) / 2, list.size());
  }
}
