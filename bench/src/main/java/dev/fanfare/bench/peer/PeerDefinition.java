package dev.fanfare.bench.peer;

import dev.fanfare.bench.measure.LineProcess;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * What the harness has to know of a peer.
 *
 * @param name the name, as users know it
 * @param settings its settings, for the reader of the results
 * @param tables the tables of its jobs, which are emptied before each measurement
 * @param open an SQL query for jobs that are not yet durably completed
 * @param share the part of the jobs that it gets, because it would need too much time for all
 * @param embedded whether its worker notices at once only what its own process stores
 * @param launcher starts its processes
 */
record PeerDefinition(
    String name,
    String settings,
    String tables,
    String open,
    double share,
    boolean embedded,
    Launcher launcher) {

  private static final List<String> JVM_FLAGS =
      List.of("-Xmx256m", "-XX:+UseParallelGC", "-XX:+UseCompactObjectHeaders");

  /** Starts the child processes of a peer. */
  interface Launcher {
    /** Why the peer cannot run on this machine, in a few words; empty if it can. */
    String missing() throws IOException, InterruptedException;

    /** Starts a child process that serves the lines of {@link PeerProcess}. */
    LineProcess start(Map<String, String> environment) throws IOException;
  }

  /** All peers, in the order in which they are measured. */
  static List<PeerDefinition> all() {
    return List.of(
        DbScheduler.definition(),
        JobRunr.definition(),
        NpmPackage.graphileWorker(),
        NpmPackage.pgBoss());
  }

  /** Runs a main class in a JVM with the memory and the collector of Fanfare's server. */
  static Launcher jvm(Class<?> main) {
    return new Launcher() {
      @Override
      public String missing() {
        return "";
      }

      @Override
      public LineProcess start(Map<String, String> environment) throws IOException {
        return LineProcess.java(main, JVM_FLAGS, environment);
      }
    };
  }

  /** The part of these jobs, batches or times that the peer gets; at least one. */
  int part(int all) {
    return Math.max(1, (int) (all * share));
  }
}
