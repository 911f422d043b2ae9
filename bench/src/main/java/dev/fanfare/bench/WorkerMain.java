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
 * The worker's process. Starts a worker at {@code start <slots>} and closes it at {@code stop}, in
 * one JVM all along, so that a measurement after a warm-up finds it warm.
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
