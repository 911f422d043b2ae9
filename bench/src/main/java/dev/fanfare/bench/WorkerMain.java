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
 * The main class of the worker's process. The command {@code start <slots> <tasks>} starts a worker
 * of tasks whose ids are separated by commas, and {@code stop} closes it. All workers run in the
 * same JVM, so it is warm after the warm-up.
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
        String[] words = line.split(" ", 3);
        worker = start(fanfare, Integer.parseInt(words[1]), List.of(words[2].split(",", -1)));
        System.out.println("started");
      } else {
        System.out.println("stopped");
      }
    }
    if (worker != null) {
      worker.close();
    }
  }

  private static Worker start(Fanfare fanfare, int slots, List<String> tasks) {
    return Worker.builder(fanfare)
        .tasks(Tasks.ALL.stream().filter(task -> tasks.contains(task.id())).toList())
        .name("bench")
        .slots(slots)
        .start();
  }
}
