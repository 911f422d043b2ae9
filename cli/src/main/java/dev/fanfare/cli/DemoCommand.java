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

/** {@code fanfare demo}: one batch, from one request until all of its runs are done. */
@Command(
    name = "demo",
    description = {
      "Starts a server and a worker, triggers one batch of runs in one request, shows them done,"
          + " and goes on serving until Ctrl-C."
    })
final class DemoCommand implements Callable<Integer> {
  private static final int RUNS_MAX = 1_000;
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);

  /** A laptop does 1,000 runs in seconds; beyond this something is wrong, and we say so. */
  private static final Duration WAIT_MAX = Duration.ofMinutes(5);

  @Mixin private final Terminal terminal = new Terminal();

  @Option(
      names = "--runs",
      paramLabel = "N",
      description = "How many runs to trigger, 1 to 1000. Default: ${DEFAULT-VALUE}.")
  private int runs = RUNS_MAX;

  @Option(
      names = "--exit",
      description =
          "End when the runs have: with status 0 when all are COMPLETED, with 1 otherwise.")
  private boolean exit;

  @Override
  public Integer call() throws Exception {
    if (runs < 1 || runs > RUNS_MAX) {
      throw terminal.misuse("--runs takes a number from 1 to %d.".formatted(RUNS_MAX));
    }
    // A line of log for each of a thousand mails would tear the progress bar apart.
    Settings settings = terminal.settings("warn");
    return Running.with(
        settings.server().get(SHUTDOWN_GRACE),
        running -> {
          if (exit) {
            running.endsItself();
          }
          Server server = Serving.server(settings, running);
          Fanfare fanfare = Serving.client(server);
          Serving.demoWorker(fanfare, settings, running);
          terminal.out().println(Serving.ready(server));
          int status = demonstrate(server, fanfare);
          if (exit) {
            return status;
          }
          terminal.out().println("Serving until Ctrl-C.");
          return running.untilStopped();
        });
  }

  private int demonstrate(Server server, Fanfare fanfare) throws InterruptedException {
    PrintWriter out = terminal.out();
    List<Item> items = DemoMix.items(runs);
    long start = System.nanoTime();
    DemoBatch batch = DemoBatch.trigger(fanfare, items);
    out.println(
        "Triggered %d runs in one request, answered after %d ms: %s"
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
      Thread.sleep(BETWEEN_LOOKS);
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
