package dev.fanfare.sdk;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.protocol.worker.Assignment;
import dev.fanfare.protocol.worker.Finished;
import dev.fanfare.protocol.worker.LeaseRef;
import dev.fanfare.protocol.worker.PollRequest;
import dev.fanfare.protocol.worker.PollResponse;
import dev.fanfare.protocol.worker.ReportRequest;
import dev.fanfare.protocol.worker.ReportResponse;
import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.protocol.worker.SessionResponse;
import dev.fanfare.protocol.worker.Started;
import dev.fanfare.sdk.StandInServer.Answer;
import dev.fanfare.sdk.StandInServer.Request;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A server for workers that behaves as a test says. */
final class WorkerStandIn implements AutoCloseable {
  /** Longer than any test should take: what has not happened by then is a failure. */
  private static final long PATIENCE_SECONDS = 20;

  private static final ReportResponse FINE = new ReportResponse(List.of(), List.of(), List.of());

  private final BlockingQueue<Assignment> ready = new LinkedBlockingQueue<>();
  private final BlockingQueue<Finished> finished = new LinkedBlockingQueue<>();
  private final BlockingQueue<Started> started = new LinkedBlockingQueue<>();
  private final BlockingQueue<LeaseRef> returned = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> heartbeats = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> opened = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> closed = new LinkedBlockingQueue<>();
  private final AtomicInteger sessions = new AtomicInteger();
  private final AtomicInteger reports = new AtomicInteger();
  private final AtomicInteger ids = new AtomicInteger();
  private final StandInServer server;
  private final Duration lease;
  private volatile Integer heldMax; // null, as from an older server
  private volatile boolean ignoresSlots;
  private volatile CountDownLatch mayAnswer = new CountDownLatch(0);
  private volatile Duration maxDuration;
  private volatile String gone = "";
  private volatile Reporting reporting = report -> null;

  /** Decides the response to a report; {@code null}: everything is accepted. */
  interface Reporting {
    Object answer(ReportRequest report) throws Exception;
  }

  WorkerStandIn() {
    this(0, Duration.ofSeconds(60));
  }

  WorkerStandIn(int port, Duration lease) {
    this.lease = lease;
    this.server = new StandInServer(port, this::answer);
  }

  private Answer answer(Request request) throws Exception {
    if (!request.header("authorization").equals("Bearer tr_dev_secret")) {
      return Answer.error(401, "Invalid API Key");
    }
    String[] path = request.target().split("/", -1);
    if (path.length == 4) {
      WireJson.mapper().readValue(request.body(), SessionRequest.class);
      String id = "session_" + sessions.incrementAndGet();
      opened.add(id);
      return json(
          new SessionResponse(id, lease.toMillis(), TimeUnit.SECONDS.toMillis(30), heldMax));
    }
    String session = path[4];
    if (session.equals(gone)) {
      return Answer.error(410, "The session lapsed");
    }
    if (path.length == 5) {
      closed.add(session);
      return json(FINE);
    }
    return path[5].equals("poll")
        ? poll(session, WireJson.mapper().readValue(request.body(), PollRequest.class))
        : report(session, WireJson.mapper().readValue(request.body(), ReportRequest.class));
  }

  private Answer poll(String session, PollRequest request) throws InterruptedException {
    List<Assignment> taken = new ArrayList<>();
    Assignment first = ready.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (session.equals(gone)) {
      if (first != null) {
        ready.add(first);
      }
      return Answer.error(410, "The session lapsed");
    }
    if (first != null) {
      taken.add(first);
      mayAnswer.await();
      ready.drainTo(taken, ignoresSlots ? Integer.MAX_VALUE : request.slots() - 1);
    }
    return json(new PollResponse(taken, List.of()));
  }

  private Answer report(String session, ReportRequest report) throws Exception {
    Object answer = reporting.answer(report);
    if (answer instanceof Answer instead) {
      return instead;
    }
    reports.incrementAndGet();
    started.addAll(report.started());
    finished.addAll(report.finished());
    returned.addAll(report.returned());
    if (report.started().isEmpty() && report.finished().isEmpty() && report.returned().isEmpty()) {
      heartbeats.add(session);
    }
    return json(answer == null ? FINE : answer);
  }

  private static Answer json(Object body) {
    return Answer.ok(WireJson.mapper().writeValueAsString(body));
  }

  /** Adds a run for the next poll to claim. */
  LeaseRef assign(String task, String payload) {
    return assign(task, payload, null);
  }

  LeaseRef assign(String task, String payload, String payloadType) {
    LeaseRef held = new LeaseRef("run_" + ids.incrementAndGet(), 7);
    ready.add(
        new Assignment(
            held.runId(),
            7,
            1,
            3,
            maxDuration == null ? null : maxDuration.toMillis(),
            task,
            payload,
            payloadType,
            List.of("tag"),
            "{\"m\":1}",
            "batch_1",
            "task/" + task,
            true,
            Instant.EPOCH));
    return held;
  }

  /** Sets how many runs the sessions that are opened from now on may hold. */
  void heldMax(int runs) {
    heldMax = runs;
  }

  /** Sets the max duration of attempts assigned from now on. */
  void maxDuration(Duration duration) {
    maxDuration = duration;
  }

  void reporting(Reporting how) {
    reporting = how;
  }

  /** From now on a poll claims every run, however few slots it has. */
  void ignoreSlots() {
    ignoresSlots = true;
  }

  /** From now on a poll that has found a run waits for {@link #letGo} before it takes more. */
  void holdBack() {
    mayAnswer = new CountDownLatch(1);
  }

  void letGo() {
    mayAnswer.countDown();
  }

  /** How many runs no poll has claimed yet. */
  int unclaimed() {
    return ready.size();
  }

  void loseSession(String id) {
    gone = id;
  }

  Finished finished() {
    return next(finished, "a run that ended");
  }

  Started started() {
    return next(started, "a start");
  }

  LeaseRef returned() {
    return next(returned, "a run handed back");
  }

  String heartbeat() {
    return next(heartbeats, "a heartbeat");
  }

  String opened() {
    return next(opened, "a new session");
  }

  String closed() {
    return next(closed, "the end of a session");
  }

  boolean hasFinished() {
    return !finished.isEmpty();
  }

  boolean hasStarted() {
    return !started.isEmpty();
  }

  int reports() {
    return reports.get();
  }

  int port() {
    return server.port();
  }

  Worker.Builder worker(Task<?, ?>... tasks) {
    return Worker.builder(server.client()).tasks(List.of(tasks));
  }

  private static <T> T next(BlockingQueue<T> events, String what) {
    try {
      T event = events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (event == null) {
        throw new AssertionError("The worker did not report " + what);
      }
      return event;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
