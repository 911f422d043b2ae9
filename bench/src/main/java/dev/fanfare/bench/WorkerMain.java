package dev.fanfare.bench;

import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Worker;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The main class of the worker's process. The command {@code start <slots>} starts a worker and
 * {@code stop} closes it. All workers run in the same JVM, so it is warm after the warm-up.
 */
final class WorkerMain {
  private WorkerMain() {}

  public static void main(String[] args) throws IOException {
    Fanfare fanfare = Fanfare.fromEnvironment();
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    @Nullable Worker worker = null;
    System.out.println("up");
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      if (worker != null) {
        worker.close();
        worker = null;
      }
      if (line.startsWith("start ")) {
        worker = start(fanfare, Integer.parseInt(line.substring("start ".length())));
        System.out.println("started");
      } else {
        System.out.println("stopped");
      }
    }
    if (worker != null) {
      worker.close();
    }
  }

  private static Worker start(Fanfare fanfare, int slots) {
    return Worker.builder(fanfare)
        .tasks(List.of(Tasks.NOTHING, Tasks.SINCE))
        .name("bench")
        .slots(slots)
        .start();
  }
}
