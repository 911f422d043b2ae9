package dev.fanfare.acceptance.chaos;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;

/** Faults of servers and workers as processes. */
final class ProcessFaults {
  private static final long BEYOND_LEASE_MIN = Cluster.LEASE.toMillis() + 500;
  private static final long BEYOND_LEASE_MAX = Cluster.LEASE.toMillis() + 2_500;
  private static final int LOOKS = 40;

  private ProcessFaults() {}

  static Set<Integer> killServer(Cluster cluster, Draw draw) throws Exception {
    int server = draw.server();
    Fault.Watch watch = new Fault.Watch();
    cluster.server(server).kill();
    draw.pause(0, 1_500);
    cluster.restartServer(server);
    return watch.lost(Cluster.workersOf(server));
  }

  static Set<Integer> killWorker(Cluster cluster, Draw draw) throws Exception {
    int worker = draw.worker();
    cluster.worker(worker).kill();
    draw.pause(0, 500);
    cluster.restartWorker(worker);
    return Set.of(worker);
  }

  static Set<Integer> freezeServer(Cluster cluster, Draw draw) throws Exception {
    return freezeServer(cluster, draw, draw.server(), 300, 2_500);
  }

  static Set<Integer> freezeServerBeyondLease(Cluster cluster, Draw draw) throws Exception {
    return freezeServer(cluster, draw, draw.server(), BEYOND_LEASE_MIN, BEYOND_LEASE_MAX);
  }

  private static Set<Integer> freezeServer(
      Cluster cluster, Draw draw, int server, long fromMillis, long toMillis) throws Exception {
    Fault.Watch watch = new Fault.Watch();
    cluster.server(server).freeze();
    draw.pause(fromMillis, toMillis);
    cluster.server(server).thaw();
    return watch.lost(Cluster.workersOf(server));
  }

  /** Freezes a server that holds locks, if it can be caught with an open transaction. */
  static Set<Integer> freezeServerInTransaction(Cluster cluster, Draw draw) throws Exception {
    int server = draw.server();
    Fault.Watch watch = new Fault.Watch();
    Draw looks = draw.split();
    try (Connection connection = cluster.database().connect()) {
      for (int look = 1; ; look++) {
        cluster.server(server).freeze();
        if (look == LOOKS || isInTransaction(connection, server)) {
          break;
        }
        cluster.server(server).thaw();
        Draw.sleep(Duration.ofMillis(looks.millis(1, 50)));
      }
    }
    draw.pause(500, draw.chance(0.5) ? 2_500 : BEYOND_LEASE_MAX);
    cluster.server(server).thaw();
    return watch.lost(Cluster.workersOf(server));
  }

  private static boolean isInTransaction(Connection connection, int server) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            select count(*) from pg_stat_activity
             where application_name = ? and backend_xid is not null
            """)) {
      statement.setString(1, Cluster.applicationName(server));
      try (ResultSet rows = statement.executeQuery()) {
        rows.next();
        return rows.getLong(1) > 0;
      }
    }
  }

  static Set<Integer> freezeWorker(Cluster cluster, Draw draw) throws Exception {
    return freezeWorker(cluster, draw, 300, 2_500);
  }

  static Set<Integer> freezeWorkerBeyondLease(Cluster cluster, Draw draw) throws Exception {
    return freezeWorker(cluster, draw, BEYOND_LEASE_MIN, BEYOND_LEASE_MAX);
  }

  private static Set<Integer> freezeWorker(
      Cluster cluster, Draw draw, long fromMillis, long toMillis) throws Exception {
    int worker = draw.worker();
    Fault.Watch watch = new Fault.Watch();
    cluster.worker(worker).freeze();
    draw.pause(fromMillis, toMillis);
    cluster.worker(worker).thaw();
    return watch.lost(Set.of(worker));
  }
}
