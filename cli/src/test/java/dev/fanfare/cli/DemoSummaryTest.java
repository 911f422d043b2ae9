package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.cli.DemoMix.Item;
import dev.fanfare.protocol.RunStatus;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DemoSummaryTest {
  private static final DemoSummary SUMMARY =
      new DemoSummary(URI.create("http://127.0.0.1:3030"), "tr_dev_key");

  @Test
  void shows_one_run_of_each_task_and_the_curl_commands() {
    List<Item> items = DemoMix.items(20);
    List<String> runs = IntStream.range(0, 20).mapToObj(i -> "run_" + i).toList();

    List<String> lines =
        SUMMARY.lines(
            "batch_1",
            items,
            runs,
            new Tally(Map.of(RunStatus.COMPLETED, 20)),
            List.of(),
            Duration.ofMillis(400));

    assertThat(String.join("\n", lines))
        .isEqualTo(
            """
            20 of 20 runs COMPLETED after 0.4 s, 50 runs/s.

              batch  batch_1
              runs   run_0  send-email
                     run_4  send-slack
                     run_7  echo
                     run_9  flaky

            To trigger a batch yourself:

              curl http://127.0.0.1:3030/api/v1/tasks/batch \\
                -H 'Authorization: Bearer tr_dev_key' \\
                -H 'Content-Type: application/json' \\
                -d '{"items": [
                  {"task": "send-email", "payload": {"to": "ann@example.com"}},
                  {"task": "send-slack",
                   "payload": {"channel": "#general", "message": "Hello"}}]}'

            To see one of the runs:

              curl http://127.0.0.1:3030/api/v3/runs/run_0 \\
                -H 'Authorization: Bearer tr_dev_key'
            """);
  }

  @Test
  void no_line_is_wider_than_a_terminal() {
    String run = "run_" + "x".repeat(25);
    assertThat(
            new DemoSummary(URI.create("http://127.0.0.1:65535"), "tr_dev_" + "x".repeat(24))
                .lines(
                    "batch_" + "x".repeat(25),
                    DemoMix.items(20),
                    Collections.nCopies(20, run),
                    new Tally(Map.of(RunStatus.COMPLETED, 20)),
                    List.of(),
                    Duration.ofMillis(400)))
        .allSatisfy(line -> assertThat(line.length()).as(line).isLessThanOrEqualTo(80));
  }

  @Test
  void names_the_runs_that_did_not_complete() {
    List<Item> items = DemoMix.items(20);
    List<String> runs = IntStream.range(0, 20).mapToObj(i -> "run_" + i).toList();

    List<String> lines =
        SUMMARY.lines(
            "batch_1",
            items,
            runs,
            new Tally(Map.of(RunStatus.COMPLETED, 5, RunStatus.FAILED, 11, RunStatus.QUEUED, 4)),
            IntStream.range(5, 20).mapToObj(i -> "run_" + i + "  flaky  FAILED").toList(),
            Duration.ofMinutes(5));

    assertThat(lines)
        .startsWith(
            "5 of 20 runs COMPLETED, 4 QUEUED, 11 FAILED after 300.0 s, 0 runs/s; gave up waiting"
                + " for the rest.",
            "  run_5  flaky  FAILED")
        .contains("  run_14  flaky  FAILED", "  and 5 more")
        .doesNotContain("  run_15  flaky  FAILED");
  }
}
