package dev.fanfare.acceptance.chaos;

import java.util.EnumSet;
import java.util.Set;

/** All faults that a campaign draws from. */
enum FaultKind implements Fault {
  KILL_SERVER(ProcessFaults::killServer),
  KILL_WORKER(ProcessFaults::killWorker),
  FREEZE_SERVER(ProcessFaults::freezeServer),
  FREEZE_SERVER_BEYOND_LEASE(ProcessFaults::freezeServerBeyondLease),
  FREEZE_SERVER_IN_TRANSACTION(ProcessFaults::freezeServerInTransaction),
  FREEZE_WORKER(ProcessFaults::freezeWorker),
  FREEZE_WORKER_BEYOND_LEASE(ProcessFaults::freezeWorkerBeyondLease),

  KILL_BACKEND(DatabaseFaults::killBackend),
  KILL_POSTMASTER(DatabaseFaults::killPostmaster),
  STOP_DATABASE_IMMEDIATELY(DatabaseFaults::stopImmediately),
  RESTART_DATABASE(DatabaseFaults::restart),
  FREEZE_DATABASE(DatabaseFaults::freeze),
  FREEZE_DATABASE_BEYOND_LEASE(DatabaseFaults::freezeBeyondLease),
  TERMINATE_ALL(DatabaseFaults::terminateAll),
  TERMINATE_SOME(DatabaseFaults::terminateSome),
  LOCK_TABLE(DatabaseFaults::lockTable),
  LOCK_SESSIONS_BEYOND_LEASE(DatabaseFaults::lockSessionsBeyondLease),
  LOCK_ROWS(DatabaseFaults::lockRows),
  READ_ONLY(DatabaseFaults::readOnly),
  NO_FREE_CONNECTION(DatabaseFaults::exhaustConnections),
  DISK_FULL(DatabaseFaults::fillDisk),

  CUT_CLIENT_REQUESTS(WireFaults::cutClientRequests),
  CUT_WORKER_REQUESTS(WireFaults::cutWorkerRequests),
  CUT_STATEMENTS(WireFaults::cutStatements),
  LOSE_CLIENT_ANSWERS(WireFaults::loseClientAnswers),
  LOSE_WORKER_ANSWERS(WireFaults::loseWorkerAnswers),
  LOSE_COMMITS(WireFaults::loseCommits),
  CLIENT_BLACK_HOLE(WireFaults::clientBlackHole),
  WORKER_BLACK_HOLE(WireFaults::workerBlackHole),
  DATABASE_BLACK_HOLE(WireFaults::databaseBlackHole),
  WORKER_CONNECTIONS_DEAD(WireFaults::workerConnectionsDead),
  DATABASE_CONNECTIONS_DEAD(WireFaults::databaseConnectionsDead),
  SLOW_CLIENTS(WireFaults::slowClients),
  SLOW_WORKER(WireFaults::slowWorker),
  SLOW_DATABASE(WireFaults::slowDatabase);

  /** After these PostgreSQL recovers from its log, in which the last claims may be missing. */
  private static final Set<FaultKind> CRASHES =
      EnumSet.of(KILL_BACKEND, KILL_POSTMASTER, STOP_DATABASE_IMMEDIATELY, DISK_FULL);

  private final Fault fault;

  FaultKind(Fault fault) {
    this.fault = fault;
  }

  /** Whether it may undo claims, whose runs are then executed again. */
  boolean undoesClaims() {
    return CRASHES.contains(this);
  }

  @Override
  public Set<Integer> strike(Cluster cluster, Draw draw) throws Exception {
    return fault.strike(cluster, draw);
  }
}
