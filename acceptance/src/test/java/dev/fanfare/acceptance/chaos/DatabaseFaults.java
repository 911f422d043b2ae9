package dev.fanfare.acceptance.chaos;

import dev.fanfare.testkit.Await;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Faults of the database. It is away, or refuses its work, for both servers alike. No worker may
 * lose a run by that, however long it lasts.
 */
final class DatabaseFaults {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String BACKENDS = "pg_stat_activity where application_name like 'server-%'";
  private static final List<String> TABLES =
      List.of("runs", "leases", "sessions", "outcomes", "batches", "ready", "slots", "queues");

  private DatabaseFaults() {}

  /** PostgreSQL then ends all other backends, too, and recovers as after a crash. */
  static Set<Integer> killBackend(Cluster cluster, Draw draw) throws Exception {
    List<Long> pids = new ArrayList<>();
    try (Connection connection = cluster.database().connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("select pid from " + BACKENDS)) {
      while (rows.next()) {
        pids.add(rows.getLong(1));
      }
    }
    if (!pids.isEmpty()) {
      Signal.trySend("KILL", draw.of(pids));
    }
    cluster.database().awaitReady();
    return Fault.NOBODY;
  }

  static Set<Integer> killPostmaster(Cluster cluster, Draw draw) throws Exception {
    return stopAndStart(cluster, draw, "KILL");
  }

  static Set<Integer> stopImmediately(Cluster cluster, Draw draw) throws Exception {
    return stopAndStart(cluster, draw, "QUIT");
  }

  static Set<Integer> restart(Cluster cluster, Draw draw) throws Exception {
    return stopAndStart(cluster, draw, "INT");
  }

  private static Set<Integer> stopAndStart(Cluster cluster, Draw draw, String signal)
      throws Exception {
    cluster.database().stop(signal);
    draw.pause(0, draw.chance(0.8) ? 2_000 : Cluster.LEASE.toMillis() + 1_000);
    cluster.database().start();
    return Fault.NOBODY;
  }

  static Set<Integer> freeze(Cluster cluster, Draw draw) throws Exception {
    return freeze(cluster, draw, 500, 3_000);
  }

  static Set<Integer> freezeBeyondLease(Cluster cluster, Draw draw) throws Exception {
    long lease = Cluster.LEASE.toMillis();
    return freeze(cluster, draw, lease, lease + 3_000);
  }

  private static Set<Integer> freeze(Cluster cluster, Draw draw, long fromMillis, long toMillis)
      throws Exception {
    cluster.database().freeze();
    draw.pause(fromMillis, toMillis);
    cluster.database().thaw();
    return Fault.NOBODY;
  }

  static Set<Integer> terminateAll(Cluster cluster, Draw draw) throws Exception {
    execute(cluster, "select pg_terminate_backend(pid) from " + BACKENDS);
    return Fault.NOBODY;
  }

  static Set<Integer> terminateSome(Cluster cluster, Draw draw) throws Exception {
    long rounds = draw.millis(5, 25);
    for (int i = 0; i < rounds; i++) {
      execute(
          cluster,
          "select pg_terminate_backend(pid) from " + BACKENDS + " order by random() limit 1");
      Draw.sleep(Duration.ofMillis(100));
    }
    return Fault.NOBODY;
  }

  static Set<Integer> lockTable(Cluster cluster, Draw draw) throws Exception {
    return lockTable(cluster, draw, draw.named(TABLES), 500, 4_000);
  }

  static Set<Integer> lockSessionsBeyondLease(Cluster cluster, Draw draw) throws Exception {
    long lease = Cluster.LEASE.toMillis();
    return lockTable(cluster, draw, "sessions", lease, lease + 2_000);
  }

  private static Set<Integer> lockTable(
      Cluster cluster, Draw draw, String table, long fromMillis, long toMillis) throws Exception {
    holding(
        cluster,
        "lock table " + table + " in access exclusive mode",
        () -> draw.pause(fromMillis, toMillis));
    return Fault.NOBODY;
  }

  static Set<Integer> lockRows(Cluster cluster, Draw draw) throws Exception {
    String table = draw.named(List.of("slots", "sessions", "batches", "leases", "queues"));
    // Those that are free: to wait for others with some in hand could end in a deadlock.
    String lock = "select 1 from (select * from %s limit 1000 for update skip locked) as locked";
    holding(cluster, lock.formatted(table), () -> draw.pause(500, 4_000));
    return Fault.NOBODY;
  }

  private interface Pause {
    void run() throws InterruptedException;
  }

  private static void holding(Cluster cluster, String lock, Pause pause) throws Exception {
    try (Connection connection = cluster.database().connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute(lock);
      pause.run();
      connection.rollback();
    }
  }

  /** What a server with kept connections sees when its database becomes a standby. */
  static Set<Integer> readOnly(Cluster cluster, Draw draw) throws Exception {
    alter(cluster, "set default_transaction_read_only = on");
    try {
      draw.pause(500, draw.chance(0.7) ? 3_000 : Cluster.LEASE.toMillis() + 1_000);
    } finally {
      alter(cluster, "reset default_transaction_read_only");
    }
    return Fault.NOBODY;
  }

  private static void alter(Cluster cluster, String what) throws SQLException {
    execute(cluster, "alter system " + what);
    execute(cluster, "select pg_reload_conf()");
  }

  /** Others take all connections, when the servers have just lost theirs. */
  static Set<Integer> exhaustConnections(Cluster cluster, Draw draw) throws Exception {
    List<Connection> taken = new ArrayList<>();
    try {
      for (int round = 0; round < 3; round++) {
        execute(cluster, "select pg_terminate_backend(pid) from " + BACKENDS);
        takeAll(cluster, taken);
      }
      draw.pause(500, 3_000);
    } finally {
      for (Connection connection : taken) {
        connection.close();
      }
    }
    return Fault.NOBODY;
  }

  private static void takeAll(Cluster cluster, List<Connection> taken) {
    try {
      while (true) {
        taken.add(cluster.database().connectAsApp());
      }
    } catch (SQLException tooMany) {
      // there are no more
    }
  }

  static Set<Integer> fillDisk(Cluster cluster, Draw draw) throws Exception {
    if (!cluster.database().hasOwnDisk()) {
      throw new Fault.Impossible("this user may not mount a file system of its own");
    }
    cluster.database().fillDisk();
    try {
      draw.pause(500, 4_000);
    } finally {
      cluster.database().freeDisk();
    }
    cluster.database().awaitReady();
    return Fault.NOBODY;
  }

  /** As an administrator would: again, if the connection is lost. */
  private static void execute(Cluster cluster, String sql) {
    Await.untilAsserted(
        SOON,
        () -> {
          try (Connection connection = cluster.database().connect();
              Statement statement = connection.createStatement()) {
            statement.execute(sql);
          }
        });
  }
}
