package dev.fanfare.cli;

import dev.fanfare.cli.DemoMix.Item;
import dev.fanfare.protocol.RunStatus;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The demo's closing output: the result, some run ids, and the curl commands to try. */
record DemoSummary(URI url, String key) {
  private static final int UNFINISHED_SHOWN_MAX = 10;

  /**
   * Formats the summary as lines.
   *
   * @param items the triggered items
   * @param runs the ids of the items' runs, in the same order
   * @param notCompleted the runs that did not complete, each with its task and state
   */
  List<String> lines(
      String batch,
      List<Item> items,
      List<String> runs,
      Tally tally,
      List<String> notCompleted,
      Duration elapsed) {
    List<String> lines = new ArrayList<>();
    lines.add(outcome(tally, elapsed));
    notCompleted.stream().limit(UNFINISHED_SHOWN_MAX).forEach(run -> lines.add("  " + run));
    if (notCompleted.size() > UNFINISHED_SHOWN_MAX) {
      lines.add("  and %s more".formatted(notCompleted.size() - UNFINISHED_SHOWN_MAX));
    }
    lines.add("");
    lines.add("  batch  " + batch);
    List<String> seen = new ArrayList<>();
    for (int i = 0; i < runs.size(); i++) {
      String task = items.get(i).task();
      if (!seen.contains(task)) {
        lines.add("  %-5s  %s  %s".formatted(seen.isEmpty() ? "runs" : "", runs.get(i), task));
        seen.add(task);
      }
    }
    lines.add("");
    lines.add("To trigger a batch yourself:");
    lines.add("");
    lines.addAll(curl());
    lines.add("");
    lines.add("To see one of the runs:");
    lines.add("");
    lines.add("  curl %s/api/v3/runs/%s \\".formatted(url, runs.getFirst()));
    lines.add("    -H 'Authorization: Bearer %s'".formatted(key));
    lines.add("");
    return lines;
  }

  private static String outcome(Tally tally, Duration elapsed) {
    String others = tally.others();
    return String.format(
        Locale.ROOT,
        "%s of %s runs COMPLETED%s after %.1f s, %s runs/s%s",
        tally.of(RunStatus.COMPLETED),
        tally.total(),
        others.isEmpty() ? "" : ", " + others,
        elapsed.toMillis() / 1000.0,
        ProgressBar.pace(tally.ended(), elapsed),
        tally.allEnded() ? "." : "; gave up waiting for the rest.");
  }

  /** No line is longer than 80 columns: a terminal would break it within a word. */
  private List<String> curl() {
    return List.of(
        "  curl %s/api/v1/tasks/batch \\".formatted(url),
        "    -H 'Authorization: Bearer %s' \\".formatted(key),
        "    -H 'Content-Type: application/json' \\",
        "    -d '{\"items\": [",
        "      {\"task\": \"send-email\", \"payload\": {\"to\": \"ann@example.com\"}},",
        "      {\"task\": \"send-slack\",",
        "       \"payload\": {\"channel\": \"#general\", \"message\": \"Hello\"}}]}'");
  }
}
