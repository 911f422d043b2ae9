package dev.fanfare.server.worker;

import static dev.fanfare.server.config.ServerSettings.SESSION_LEASE;

import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.protocol.worker.SessionRequest;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.lease.AttemptReport;
import dev.fanfare.server.lease.AttemptReport.ReportResult;
import dev.fanfare.server.lease.ClaimMemory;
import dev.fanfare.server.lease.HandBack;
import dev.fanfare.server.lease.LeaseComponent;
import dev.fanfare.server.lease.ReportAttempts;
import dev.fanfare.server.lease.Session;
import dev.fanfare.server.lease.SessionStore;
import dev.fanfare.server.result.Refusal;
import dev.fanfare.server.result.Result;
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

  private final Database database;
  private final Signals signals;
  private final TimeOrderedIds ids;
  private final PollRuns pollRuns;
  private final ReportAttempts reportAttempts;
  private final HandBack handBack;
  private final ServerConfig config;
  private final DeclareTasks declareTasks;
  private final SessionStore sessionStore = new SessionStore();
  private final Map<UUID, CachedSession> cache = new ConcurrentHashMap<>();

  public Sessions(Resources resources, LeaseComponent lease) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.ids = resources.ids();
    this.config = resources.config();
    this.pollRuns = new PollRuns(resources, lease);
    this.reportAttempts = lease.reportAttempts();
    this.handBack = lease.handBack();
    this.declareTasks = new DeclareTasks(database);
  }

  /** Opens a session for a worker and declares its tasks. */
  public Session open(int environmentId, SessionRequest request) {
    DeclareTasks.Declared declared =
        declareTasks.declare(environmentId, request.version(), request.tasks());
    Session session =
        new Session(
            ids.next(), environmentId, declared.taskIds(), declared.versionId(), request.slots());
    database.transaction(
        environmentId,
        tx -> {
          sessionStore.insert(
              tx, session, request.name(), request.version(), config.get(SESSION_LEASE));
          return null;
        });
    cache(session);
    signals.ready(
        environmentId, declared.taskIds(), 1); // parked runs of these tasks may be ready now
    return session;
  }

  /**
   * Begins a poll, which claims up to {@code slots} runs and may wait for some.
   *
   * <p>If the worker got no response to earlier polls, the runs that those have claimed come first.
   *
   * @param memory takes memory for the texts of the runs
   */
  public Result<PollRuns.Poll> poll(
      int environmentId, UUID sessionId, PollRuns.Order order, ClaimMemory memory) {
    CachedSession cached = renew(environmentId, sessionId);
    return cached == null
        ? Result.refused(LAPSED)
        : Result.of(pollRuns.begin(cached, order, memory));
  }

  /** Writes a report; returns once it is durable. */
  public Result<ReportResult> report(int environmentId, UUID sessionId, AttemptReport report) {
    CachedSession cached = renew(environmentId, sessionId);
    return cached == null
        ? Result.refused(LAPSED)
        : Result.of(reportAttempts.report(cached.session, cached.leases, report));
  }

  /** Closes a session. The runs that it still holds go back to their queues. */
  public void close(int environmentId, UUID sessionId) {
    forget(environmentId, sessionId);
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
    pollRuns.stop();
    cache.values().forEach(cached -> signals.wake(cached.session.environmentId()));
  }

  /**
   * Renews a session, because every contact keeps it alive. Writes at most ten times a lease, which
   * saves a write for most calls of a busy worker. Returns {@code null} if the session lapsed or
   * was closed.
   */
  private @Nullable CachedSession renew(int environmentId, UUID sessionId) {
    CachedSession before = cache.get(sessionId);
    if (before != null
        && before.session.environmentId() == environmentId
        && before.isRenewedWithin(config.get(SESSION_LEASE).dividedBy(10))) {
      return before;
    }
    Session session =
        database.urgent(() ->
            database.transaction(
                environmentId, tx -> sessionStore.renew(tx, sessionId, config.get(SESSION_LEASE))));
    if (session == null) {
      forget(environmentId, sessionId);
      return null;
    }
    CachedSession renewed = cache.get(sessionId);
    if (renewed == null) {
      return cache(session);
    }
    renewed.renewed();
    return renewed;
  }

  private void forget(int environmentId, UUID sessionId) {
    CachedSession cached = cache.get(sessionId);
    if (cached != null && cached.session.environmentId() == environmentId) {
      cache.remove(sessionId);
      cached.close();
    }
  }

  private CachedSession cache(Session session) {
    if (cache.size() >= CACHED_MAX) {
      cache.clear();
    }
    CachedSession cached = new CachedSession(session);
    cache.put(session.id(), cached);
    return cached;
  }
}
