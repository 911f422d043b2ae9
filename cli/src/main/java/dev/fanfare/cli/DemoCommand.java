package dev.fanfare.cli;

import static dev.fanfare.server.config.ServerSettings.SHUTDOWN_GRACE;

import dev.fanfare.cli.DemoMix.Item;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.server.Server;
import dev.fanfare.server.config.Settings;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code fanfare demo}: triggers one batch in one request and shows its progress to the end. */
@Command(
    name = "demo",
    description = {
      "Starts a server and a worker, triggers a batch of runs in one request, shows its progress,"
          + " and then keeps serving until Ctrl-C."
    })
final class DemoCommand implements Callable<Integer> {
  private static final int RUNS_MAX = 1_000;
  private static final Duration BETWEEN_POLLS = Duration.ofMillis(200);

  /** A laptop completes 1,000 runs in seconds; if this much time passes, something is wrong. */
  private static final Duration WAIT_MAX = Duration.ofMinutes(5);

  @Mixin private final Terminal terminal = new Terminal();

  @Option(
      names = "--runs",
      paramLabel = "N",
      description = "The number of runs to trigger, 1 to 1000. Default: ${DEFAULT-VALUE}.")
  private int runs = RUNS_MAX;

  @Option(
      names = "--exit",
      description =
          "Exit when all runs have ended: with status 0 if all are COMPLETED, otherwise with 1.")
  private boolean exit;

  @Override
  public Integer call() throws Exception {
    if (runs < 1 || runs > RUNS_MAX) {
      throw terminal.misuse("--runs must be a number from 1 to %s.".formatted(RUNS_MAX));
    }
    // At level info, one log line per email would break up the progress bar.
    Settings settings = terminal.settings("warn");
    return Running.with(
        settings.config().get(SHUTDOWN_GRACE),
        running -> {
          if (exit) {
            running.endsItself();
          }
          Server server = Serving.server(settings, running);
          Fanfare fanfare = Serving.client(server);
          Serving.demoWorker(fanfare, settings, running);
          terminal.out().println(Serving.readyToTry(server));
          int status = demonstrate(server, fanfare);
          if (exit) {
            return status;
          }
          terminal.out().println("Still serving. Press Ctrl-C to stop.");
          return running.untilStopped();
        });
  }

  private int demonstrate(Server server, Fanfare fanfare) throws InterruptedException {
    PrintWriter out = terminal.out();
    List<Item> items = DemoMix.items(runs);
    long start = System.nanoTime();
    DemoBatch batch = DemoBatch.trigger(fanfare, items);
    out.println(
        "Triggered %s runs in one request, acknowledged after %s ms: %s"
            .formatted(runs, since(start).toMillis(), batch.id()));
    Display display = Display.of(out, System.getenv());
    Tally tally;
    Duration elapsed;
    while (true) {
      tally = batch.tally();
      elapsed = since(start);
      if (tally.allEnded() || elapsed.compareTo(WAIT_MAX) > 0) {
        break;
      }
      display.show(tally, elapsed);
      Thread.sleep(BETWEEN_POLLS);
    }
    display.end(tally, elapsed);
    List<String> notCompleted = tally.allCompleted() ? List.of() : batch.notCompleted();
    new DemoSummary(server.url(), server.developmentKey())
        .lines(batch.id(), items, batch.runs(), tally, notCompleted, elapsed)
        .forEach(out::println);
    return tally.allCompleted() ? ExitStatus.OK : ExitStatus.FAILED;
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
