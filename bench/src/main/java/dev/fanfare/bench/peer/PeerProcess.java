package dev.fanfare.bench.peer;

import dev.fanfare.bench.measure.LineProcess;
import dev.fanfare.bench.measure.Timings;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;

/**
 * A child process of a peer. Each method sends one line and waits for one that answers it. The
 * child ends if a wait takes minutes; then the method fails.
 */
final class PeerProcess implements AutoCloseable {
  private final LineProcess lines;
  private final String version;

  private PeerProcess(LineProcess lines, String version) {
    this.lines = lines;
    this.version = version;
  }

  /** Starts a process, which creates the peer's tables if they are missing. */
  static PeerProcess start(PeerDefinition peer, Map<String, String> environment)
      throws IOException {
    LineProcess lines = peer.launcher().start(environment);
    return new PeerProcess(lines, lines.expect("up"));
  }

  /** The version of the peer's library. */
  String version() {
    return version;
  }

  /** Stores batches of jobs that do nothing. */
  Timings store(int callers, int batches, int size) throws IOException {
    lines.send("store %s %s %s".formatted(callers, batches, size));
    String[] words = lines.expect("stored").split(" ", -1);
    return new Timings(Long.parseLong(words[0]), numbers(words[1]));
  }

  /** Stores jobs that measure their latency, one after the other. */
  void trigger(int count, Duration gap) throws IOException {
    lines.send("trigger %s %s".formatted(count, gap.toMillis()));
    lines.expect("triggered");
  }

  /** Starts a worker; returns at once. */
  void start(int inFlight) throws IOException {
    lines.send("start " + inFlight);
    lines.expect("started");
  }

  /** Waits until this many jobs were handled since the worker's start. */
  void awaitHandled(int count) throws IOException {
    lines.send("handled " + count);
    lines.expect("handled");
  }

  /** The latencies that handlers measured since the worker's start, in nanoseconds. */
  long[] latencies() throws IOException {
    lines.send("latencies");
    return numbers(lines.expect("latencies"));
  }

  /** Stops the worker; returns when it has stopped. */
  void stop() throws IOException {
    lines.send("stop");
    lines.expect("stopped");
  }

  private static long[] numbers(String text) {
    return Arrays.stream(text.split(",", -1)).mapToLong(Long::parseLong).toArray();
  }

  @Override
  public void close() {
    lines.close();
  }
}
