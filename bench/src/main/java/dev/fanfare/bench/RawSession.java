package dev.fanfare.bench;

import dev.fanfare.protocol.worker.Assignment;
import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.PollRequest;
import dev.fanfare.protocol.worker.PollResponse;
import dev.fanfare.protocol.worker.QueueDefinition;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.ReportResponse;
import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.protocol.worker.SessionResponse;
import dev.fanfare.protocol.worker.Started;
import dev.fanfare.protocol.worker.TaskDefinition;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A worker session without a worker: each call of the protocol is made when the caller says so. For
 * a single thread.
 */
final class RawSession implements AutoCloseable {
  private final HttpCalls calls;
  private final int slots;
  private final String path;

  private RawSession(HttpCalls calls, int slots, String path) {
    this.calls = calls;
    this.slots = slots;
    this.path = path;
  }

  /** Opens a session that declares these tasks, each with {@code queue} or a queue of its own. */
  static RawSession open(
      HttpCalls calls, int slots, List<String> tasks, @Nullable QueueDefinition queue)
      throws IOException, InterruptedException {
    List<TaskDefinition> definitions =
        tasks.stream().map(id -> new TaskDefinition(id, queue, null, null, null)).toList();
    SessionResponse session =
        calls
            .post(
                "/worker/v1/sessions",
                new SessionRequest("bench-raw", "bench-raw", slots, definitions))
            .as(SessionResponse.class);
    return new RawSession(calls, slots, "/worker/v1/sessions/" + session.sessionId());
  }

  /**
   * The runs of one poll.
   *
   * @param nanos how long the call took
   */
  record Polled(List<Assignment> runs, long nanos) {}

  /** Polls for as many runs as the session has slots. */
  Polled poll() throws IOException, InterruptedException {
    HttpCalls.Answer answer = calls.post(path + "/poll", new PollRequest(slots));
    return new Polled(answer.as(PollResponse.class).assignments(), answer.nanos());
  }

  /** Reports that runs succeeded; fails if the server took one of them away. */
  void succeed(List<Assignment> runs) throws IOException, InterruptedException {
    report(
        List.of(),
        runs.stream()
            .map(run ->
                new Finished(
                    run.runId(), run.fence(), run.attempt(), 0, null, null, null, false, false))
            .toList());
  }

  /** Reports that runs have started; fails if the server took one of them away. */
  void start(List<Assignment> runs) throws IOException, InterruptedException {
    report(
        runs.stream().map(run -> new Started(run.runId(), run.fence(), run.attempt())).toList(),
        List.of());
  }

  /** Renews the session. */
  void heartbeat() throws IOException, InterruptedException {
    report(List.of(), List.of());
  }

  private void report(List<Started> started, List<Finished> finished)
      throws IOException, InterruptedException {
    ReportResponse response =
        calls
            .post(path + "/reports", new ReportRequest(started, finished, List.of()))
            .as(ReportResponse.class);
    if (!response.lost().isEmpty()) {
      throw new IOException("Lost runs: " + response.lost());
    }
  }

  /** Closes the session; runs that it holds are queued again. */
  @Override
  public void close() {
    try {
      calls.delete(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
