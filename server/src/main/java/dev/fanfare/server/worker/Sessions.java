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
 * The calls of workers: open a session, poll, report, close. Any server can handle the next call of
 * any session. The sessions in memory are a cache that saves queries. Thread-safe.
 */
public final class Sessions {
  private static final Refusal LAPSED =
      Refusal.gone("The session lapsed or was closed: open a new one");

  /** The maximum number of sessions in the cache. */
  private static final int CACHED_MAX = 10_000;

  /** How long a waiting poll relies on a signal before it claims again: signals may be lost. */
  private static final Duration CLAIM_INTERVAL = Duration.ofSeconds(1);

  private final Database database;
  private final Signals signals;
  private final TimeOrderedIds ids;
  private final ClaimRuns claimRuns;
  private final ReportAttempts reportAttempts;
  private final HandBack handBack;
  private final ServerConfig config;
  private final DeclareTasks declareTasks;
  private final SessionStore sessionStore = new SessionStore();
  private final Map<UUID, Cached> cache = new ConcurrentHashMap<>();
  private volatile boolean stopping;

  public Sessions(Resources resources, LeaseComponent lease) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.ids = resources.ids();
    this.config = resources.config();
    this.claimRuns = lease.claimRuns();
    this.reportAttempts = lease.reportAttempts();
    this.handBack = lease.handBack();
    this.declareTasks = new DeclareTasks(database);
  }

  /** A cached session. */
  private static final class Cached {
    final Session session;
    volatile long renewedNanos;
    volatile int lastLaneId;

    Cached(Session session) {
      this.session = session;
      this.renewedNanos = System.nanoTime();
    }
  }

  /** Opens a session for a worker and declares its tasks. */
  public UUID open(int environmentId, SessionRequest request) {
    DeclareTasks.Declared declared =
        declareTasks.declare(environmentId, request.version(), request.tasks());
    Session session =
        new Session(ids.next(), environmentId, declared.taskIds(), declared.versionId());
    database.transaction(
        environmentId,
        tx -> {
          sessionStore.insert(
              tx,
              session,
              request.name(),
              request.version(),
              request.slots(),
              config.get(SESSION_LEASE));
          return null;
        });
    cache(session);
    signals.ready(environmentId); // parked runs of these tasks may be ready now
    return session.id();
  }

  /**
   * The result of a poll.
   *
   * @param canceled leases of the session whose run was canceled; each is notified once
   */
  public record Polled(List<ClaimedRun> runs, List<LeaseRef> canceled) {
    static final Polled NOTHING = new Polled(List.of(), List.of());
  }

  /**
   * Claims up to {@code slots} runs. Waits for up to {@code FANFARE_POLL_WAIT} until there are
   * some.
   */
  public Result<Polled> poll(int environmentId, UUID sessionId, int slots) {
    Cached cached = renew(environmentId, sessionId);
    return cached == null ? Result.refused(LAPSED) : Result.of(poll(environmentId, cached, slots));
  }

  private Polled poll(int environmentId, Cached cached, int slots) {
    Session session = cached.session;
    ClaimRuns.Claimant claimant =
        new ClaimRuns.Claimant(session.id(), session.taskIds(), session.versionId());
    int max = Math.min(slots, config.get(CLAIM_MAX));
    long deadline = System.nanoTime() + config.get(POLL_WAIT).toNanos();
    while (max > 0) {
      long ticket = signals.ticket(environmentId);
      ClaimRuns.Claim claim = claimRuns.claim(environmentId, claimant, max, cached.lastLaneId);
      cached.lastLaneId = claim.lastLaneId();
      long left = deadline - System.nanoTime();
      if (!claim.runs().isEmpty() || !claim.canceled().isEmpty() || left <= 0 || stopping) {
        return new Polled(claim.runs(), claim.canceled());
      }
      try {
        signals.await(
            environmentId, ticket, Duration.ofNanos(Math.min(left, CLAIM_INTERVAL.toNanos())));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return Polled.NOTHING;
      }
      // A waiting poll does not show that its worker is still alive. Runs that are claimed for a
      // dead worker come back only when its session lapses.
      if (isSilent(session.id())) {
        return Polled.NOTHING;
      }
    }
    return Polled.NOTHING;
  }

  /** Whether this server has had no contact with a session for half its lease. */
  private boolean isSilent(UUID sessionId) {
    Cached latest = cache.get(sessionId);
    return latest == null
        || System.nanoTime() - latest.renewedNanos > config.get(SESSION_LEASE).toNanos() / 2;
  }

  /** Writes a report; returns once it is durable. */
  public Result<ReportResult> report(int environmentId, UUID sessionId, AttemptReport report) {
    return renew(environmentId, sessionId) == null
        ? Result.refused(LAPSED)
        : Result.of(reportAttempts.report(environmentId, sessionId, report));
  }

  /** Closes a session. The runs that it still holds go back to their queues. */
  public void close(int environmentId, UUID sessionId) {
    cache.remove(sessionId);
    boolean existed =
        database.transaction(
            environmentId,
            tx -> {
              boolean deleted = sessionStore.delete(tx, sessionId);
              if (deleted) {
                handBack.all(tx, sessionId);
              }
              return deleted;
            });
    if (existed) {
      signals.ready(environmentId);
    }
  }

  /** Makes waiting polls return, because the server stops. */
  public void stop() {
    stopping = true;
    cache.values().forEach(cached -> signals.wake(cached.session.environmentId()));
  }

  /**
   * Renews a session, because every contact keeps it alive. Writes at most ten times a lease, which
   * saves a write for most calls of a busy worker. Returns {@code null} if the session lapsed or
   * was closed.
   */
  private @Nullable Cached renew(int environmentId, UUID sessionId) {
    Cached before = cache.get(sessionId);
    long now = System.nanoTime();
    if (before != null
        && before.session.environmentId() == environmentId
        && now - before.renewedNanos < config.get(SESSION_LEASE).toNanos() / 10) {
      return before;
    }
    Session session =
        database.transaction(
            environmentId, tx -> sessionStore.renew(tx, sessionId, config.get(SESSION_LEASE)));
    if (session == null) {
      cache.remove(sessionId);
      return null;
    }
    Cached renewed = cache(session);
    if (before != null) {
      renewed.lastLaneId = before.lastLaneId;
    }
    return renewed;
  }

  private Cached cache(Session session) {
    if (cache.size() >= CACHED_MAX) {
      cache.clear();
    }
    Cached cached = new Cached(session);
    cache.put(session.id(), cached);
    return cached;
  }
}
