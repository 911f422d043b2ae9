package dev.fanfare.bench;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/** One worker in a process of its own. */
final class WorkerProcess implements AutoCloseable {
  private final ChildJvm jvm;

  private WorkerProcess(ChildJvm jvm) {
    this.jvm = jvm;
  }

  static WorkerProcess start(String url, String key) throws IOException {
    ChildJvm jvm =
        ChildJvm.start(
            WorkerMain.class,
            List.of("-Xmx256m"),
            Map.of("FANFARE_URL", url, "FANFARE_SECRET_KEY", key));
    jvm.expect("up");
    return new WorkerProcess(jvm);
  }

  /** Begins to work, with this many slots; returns at once. */
  void work(int slots) throws IOException {
    jvm.say("start " + slots);
    jvm.expect("started");
  }

  /** Stops working; returns when it has closed its session. */
  void rest() throws IOException {
    jvm.say("stop");
    jvm.expect("stopped");
  }

  @Override
  public void close() {
    jvm.close();
  }
}
