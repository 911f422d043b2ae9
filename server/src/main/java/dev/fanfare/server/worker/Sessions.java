package dev.fanfare.server.worker;

import static dev.fanfare.server.config.ServerSettings.CLAIM_MAX;
import static dev.fanfare.server.config.ServerSettings.POLL_WAIT;
import static dev.fanfare.server.config.ServerSettings.SESSION_LEASE;

import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.lease.AttemptReport;
import dev.fanfare.server.lease.AttemptReport.ReportResult;
import dev.fanfare.server.lease.ClaimRuns;
import dev.fanfare.server.lease.ClaimedRun;
import dev.fanfare.server.lease.HandBack;
import dev.fanfare.server.lease.LeaseComponent;
import dev.fanfare.server.lease.LeaseRef;
import dev.fanfare.server.lease.ReportAttempts;
import dev.fanfare.server.lease.Session;
import dev.fanfare.server.lease.SessionStore;
import dev.fanfare.server.result.Refusal;
import dev.fanfare.server.result.Result;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The sessions that talk to this server. What is remembered here is a saving, not the truth: any
 * server can take the next call of any session.
 */
public final class Sessions {
  private static final Refusal LAPSED =
      Refusal.gone("The session lapsed or was closed: open a new one");

  private static final int REMEMBERED_MAX = 10_000;

  /** A waiting poll looks by itself this often, because signals may be lost. */
  private static final Duration LOOK_INTERVAL = Duration.ofSeconds(1);

  private final Database database;
  private final Signals signals;
  private final TimeOrderedIds ids;
  private final ClaimRuns claims;
  private final ReportAttempts reports;
  private final HandBack handBack;
  private final ServerConfig config;
  private final RegisterTasks tasks;
  private final SessionStore store = new SessionStore();
  private final Map<UUID, Known> known = new ConcurrentHashMap<>();
  private volatile boolean stopping;

  public Sessions(Resources resources, LeaseComponent lease) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.ids = resources.ids();
    this.config = resources.config();
    this.claims = lease.claimRuns();
    this.reports = lease.reportAttempts();
    this.handBack = lease.handBack();
    this.tasks = new RegisterTasks(database);
  }

  /** A session as this server last saw it. */
  private static final class Known {
    final Session session;
    volatile long renewedNanos;
    volatile int lastLaneId;

    Known(Session session) {
      this.session = session;
      this.renewedNanos = System.nanoTime();
    }
  }

  /** Opens a session for a worker and registers its tasks. */
  public UUID open(int environmentId, SessionRequest request) {
    RegisterTasks.Registered registered =
        tasks.register(environmentId, request.version(), request.tasks());
    Session session =
        new Session(ids.next(), environmentId, registered.taskIds(), registered.versionId());
    database.transaction(
        environmentId,
        tx -> {
          store.insert(
              tx,
              session,
              request.name(),
              request.version(),
              request.slots(),
              config.get(SESSION_LEASE));
          return null;
        });
    remember(session);
    signals.ready(environmentId); // runs that waited for these tasks may be ready now
    return session.id();
  }

  /**
   * What a poll brought.
   *
   * @param canceled what the session holds that was canceled, each told once
   */
  public record Polled(List<ClaimedRun> runs, List<LeaseRef> canceled) {
    static final Polled NOTHING = new Polled(List.of(), List.of());
  }

  /** Claims up to {@code slots} runs, and waits a while when there are none. */
  public Result<Polled> poll(int environmentId, UUID sessionId, int slots) {
    Known known = touch(environmentId, sessionId);
    return known == null ? Result.refused(LAPSED) : Result.of(poll(environmentId, known, slots));
  }

  private Polled poll(int environmentId, Known known, int slots) {
    UUID sessionId = known.session.id();
    int max = Math.min(slots, config.get(CLAIM_MAX));
    long deadline = System.nanoTime() + config.get(POLL_WAIT).toNanos();
    while (max > 0) {
      long ticket = signals.ticket(environmentId);
      ClaimRuns.Claim claim =
          claims.claim(
              environmentId,
              new ClaimRuns.Claimant(sessionId, known.session.taskIds(), known.session.versionId()),
              max,
              known.lastLaneId);
      known.lastLaneId = claim.lastLaneId();
      long left = deadline - System.nanoTime();
      if (!claim.runs().isEmpty() || !claim.canceled().isEmpty() || left <= 0 || stopping) {
        return new Polled(claim.runs(), claim.canceled());
      }
      try {
        signals.await(
            environmentId, ticket, Duration.ofNanos(Math.min(left, LOOK_INTERVAL.toNanos())));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Polled.NOTHING;
      }
      // A held poll is no sign of life: its worker may be stopped, or gone without a word. Runs
      // handed to such a worker would only come back when its session lapses.
      if (isSilent(sessionId)) {
        return Polled.NOTHING;
      }
    }
    return Polled.NOTHING;
  }

  /** Whether nothing was heard of a session, on this server, for half its lease. */
  private boolean isSilent(UUID sessionId) {
    Known latest = known.get(sessionId);
    return latest == null
        || System.nanoTime() - latest.renewedNanos > config.get(SESSION_LEASE).toNanos() / 2;
  }

  /** Writes what a session reports. */
  public Result<ReportResult> report(int environmentId, UUID sessionId, AttemptReport report) {
    return touch(environmentId, sessionId) == null
        ? Result.refused(LAPSED)
        : Result.of(reports.report(environmentId, sessionId, report));
  }

  /** Ends a session; what it still holds goes back to its queues. */
  public void close(int environmentId, UUID sessionId) {
    known.remove(sessionId);
    boolean existed =
        database.transaction(
            environmentId,
            tx -> {
              boolean deleted = store.delete(tx, sessionId);
              if (deleted) {
                handBack.all(tx, sessionId);
              }
              return deleted;
            });
    if (existed) {
      signals.ready(environmentId);
    }
  }

  /** Lets waiting polls return, because the server stops. */
  public void stop() {
    stopping = true;
    known.values().forEach(k -> signals.wake(k.session.environmentId()));
  }

  /**
   * Any contact keeps a session alive. It is written at most ten times a lease, so that a busy
   * worker costs no write for each call. Returns {@code null} for one that lapsed or was closed.
   */
  private @Nullable Known touch(int environmentId, UUID sessionId) {
    Known seen = known.get(sessionId);
    long now = System.nanoTime();
    if (seen != null
        && seen.session.environmentId() == environmentId
        && now - seen.renewedNanos < config.get(SESSION_LEASE).toNanos() / 10) {
      return seen;
    }
    Session session =
        database.transaction(
            environmentId, tx -> store.renew(tx, sessionId, config.get(SESSION_LEASE)));
    if (session == null) {
      known.remove(sessionId);
      return null;
    }
    Known renewed = remember(session);
    if (seen != null) {
      renewed.lastLaneId = seen.lastLaneId;
    }
    return renewed;
  }

  private Known remember(Session session) {
    if (known.size() >= REMEMBERED_MAX) {
      known.clear();
    }
    Known fresh = new Known(session);
    known.put(session.id(), fresh);
    return fresh;
  }
}
