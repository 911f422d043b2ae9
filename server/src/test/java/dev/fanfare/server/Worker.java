package dev.fanfare.server;

import dev.fanfare.protocol.RunError;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.lease.AttemptRef;
import dev.fanfare.server.lease.AttemptReport;
import dev.fanfare.server.lease.AttemptReport.Finished;
import dev.fanfare.server.lease.AttemptReport.ReportResult;
import dev.fanfare.server.lease.ClaimMemory;
import dev.fanfare.server.lease.ClaimRuns.Claimant;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.lease.LeaseRef;
import dev.fanfare.server.worker.PollRuns;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** The session of a worker that makes only the calls a test asks for. */
public final class Worker {
  public static final RunError ERROR = RunError.builtIn("java.io.IOException", "no route", "at x");

  /** Memory for whatever a poll claims. */
  static final ClaimMemory PLENTY =
      new ClaimMemory() {
        @Override
        public boolean isSpent() {
          return false;
        }

        @Override
        public void hold(long chars) {}
      };

  private final Engine engine;
  private final Components server;
  private final int environmentId;
  private final UUID session;

  Worker(Engine engine, Components server, int environmentId, UUID session) {
    this.engine = engine;
    this.server = server;
    this.environmentId = environmentId;
    this.session = session;
  }

  public List<ClaimedRun> claim(int max) {
    return poll(max).runs();
  }

  public PollRuns.Polled poll(int max) {
    return poll(new PollRuns.Order(max, 0, 0, null)).now();
  }

  /** Begins a poll, which claims nothing yet. */
  public PollRuns.Poll poll(PollRuns.Order order) {
    return poll(order, PLENTY);
  }

  PollRuns.Poll poll(PollRuns.Order order, ClaimMemory memory) {
    return server.sessions.poll(environmentId, session, order, memory).orElseThrow(HttpError::of);
  }

  /** Claims up to {@code max} runs and returns their ids. */
  public List<UUID> claimIds(int max) {
    return claim(max).stream().map(ClaimedRun::runId).toList();
  }

  /** Claims the only run that is ready; fails if there is none, or more than one. */
  public ClaimedRun claimOne() {
    List<ClaimedRun> runs = claim(2);
    if (runs.size() != 1) {
      throw new AssertionError("claimed " + runs.size() + " runs instead of one");
    }
    return runs.getFirst();
  }

  public ReportResult start(ClaimedRun run) {
    return report(List.of(started(run, run.lastAttempt() + 1)), List.of(), List.of());
  }

  public ReportResult succeed(ClaimedRun run, String output) {
    return report(List.of(), List.of(success(run, run.lastAttempt() + 1, output)), List.of());
  }

  public ReportResult fail(ClaimedRun run, int attempt, boolean retryable) {
    return report(List.of(), List.of(failure(run, attempt, retryable)), List.of());
  }

  public ReportResult handBack(ClaimedRun run) {
    return report(List.of(), List.of(), List.of(new LeaseRef(run.runId(), run.fence())));
  }

  public ReportResult report(
      List<AttemptRef> started, List<Finished> finished, List<LeaseRef> returned) {
    return report(new AttemptReport(started, finished, returned, null, List.of()));
  }

  public ReportResult report(AttemptReport report) {
    return server.sessions.report(environmentId, session, report).orElseThrow(HttpError::of);
  }

  /** Sends an empty report that asks whether these claims were lost. */
  public ReportResult check(List<ClaimedRun> runs) {
    List<LeaseRef> held = runs.stream().map(run -> new LeaseRef(run.runId(), run.fence())).toList();
    return report(new AttemptReport(List.of(), List.of(), List.of(), null, held));
  }

  public static AttemptRef started(ClaimedRun run, int attempt) {
    return new AttemptRef(run.runId(), run.fence(), attempt);
  }

  public static Finished success(ClaimedRun run, int attempt, String output) {
    return new Finished(run.runId(), run.fence(), attempt, 5, output, null, null, false);
  }

  public static Finished failure(ClaimedRun run, int attempt, boolean retryable) {
    return new Finished(run.runId(), run.fence(), attempt, 5, null, null, ERROR, retryable);
  }

  /** Whether the session holds the run now, under the fence of this claim. */
  public boolean holds(ClaimedRun run) {
    return engine.database.transaction(
        environmentId,
        tx ->
            tx.sql(
                        """
                        select
                          from leases
                         where environment_id = :environment
                           and session_id = :session
                           and run_id = :run_id
                           and fence = :fence
                        """)
                    .bind("session", session)
                    .bind("run_id", run.runId())
                    .bind("fence", run.fence())
                    .first(r -> true)
                != null);
  }

  /** Sends an empty report. */
  public ReportResult heartbeat() {
    return report(List.of(), List.of(), List.of());
  }

  /** The same session, on a server that has not seen it yet. */
  public Worker onAnotherServer() {
    return new Worker(engine, engine.server(), environmentId, session);
  }

  /** What a poll of this session may claim. */
  Claimant claimant(int poll) {
    return engine.database.transaction(tx ->
        tx.sql("select task_ids, version_id from sessions where session_id = :session")
            .bind("session", session)
            .first(r ->
                new Claimant(
                    session, Set.copyOf(r.integers("task_ids")), r.integer("version_id"), poll)));
  }

  public UUID session() {
    return session;
  }

  public void close() {
    server.sessions.close(environmentId, session);
  }
}
