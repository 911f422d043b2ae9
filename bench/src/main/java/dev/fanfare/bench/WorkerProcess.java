package dev.fanfare.bench;

import dev.fanfare.bench.measure.LineProcess;
import dev.fanfare.sdk.Task;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A worker in a separate process. */
final class WorkerProcess implements AutoCloseable {
  private final LineProcess jvm;

  private WorkerProcess(LineProcess jvm) {
    this.jvm = jvm;
  }

  static WorkerProcess start(String url, String key, List<String> jvmFlags) throws IOException {
    List<String> flags = new ArrayList<>(List.of("-Xmx256m"));
    flags.addAll(jvmFlags);
    LineProcess jvm =
        LineProcess.java(
            WorkerMain.class, flags, Map.of("FANFARE_URL", url, "FANFARE_SECRET_KEY", key));
    jvm.expect("up");
    return new WorkerProcess(jvm);
  }

  /** Starts the worker with this many slots and all tasks; returns at once. */
  void start(int slots) throws IOException {
    start(slots, Tasks.ALL);
  }

  /** Starts the worker with some of the tasks. */
  void start(int slots, List<Task<?, ?>> tasks) throws IOException {
    jvm.send("start " + slots + " " + String.join(",", tasks.stream().map(Task::id).toList()));
    jvm.expect("started");
  }

  /** Stops the worker; returns when it has closed its session. */
  void stop() throws IOException {
    jvm.send("stop");
    jvm.expect("stopped");
  }

  ProcessHandle process() {
    return jvm.handle();
  }

  @Override
  public void close() {
    jvm.close();
  }
}
