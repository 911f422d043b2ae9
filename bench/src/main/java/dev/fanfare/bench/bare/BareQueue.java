package dev.fanfare.bench.bare;

import dev.fanfare.protocol.TimeOrderedIds;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * A run's life in as few statements as PostgreSQL allows: one to store, one to claim, one to
 * finish, each its own transaction and one round trip. Belongs to one thread, as its connection.
 */
public final class BareQueue {
  private static final TimeOrderedIds IDS = new TimeOrderedIds(InstantSource.system());

  private final Connection connection;

  /** Works through this connection, which it leaves in auto-commit. */
  public BareQueue(Connection connection) throws SQLException {
    this.connection = connection;
    connection.setAutoCommit(true);
  }

  /** Stores one run for each payload in the table with three indexes. */
  public void store(List<String> payloads) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            insert into bare.runs (run_id, batch_id, batch_index, task_id, created_at, payload)
            select r.run_id, ?, r.i, 1, now(), r.payload
              from unnest(?::uuid[], ?::int[], ?::text[]) as r (run_id, i, payload)
            """)) {
      bind(statement, payloads);
      statement.executeUpdate();
    }
  }

  /** Stores one run for each payload, makes all ready, and tells who listens. */
  public void storeReady(List<String> payloads) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            with stored as (
              insert into bare.runs (run_id, batch_id, batch_index, task_id, created_at, payload)
              select r.run_id, ?, r.i, 1, now(), r.payload
                from unnest(?::uuid[], ?::int[], ?::text[]) as r (run_id, i, payload)
              returning run_id, batch_index
            ), queued as (
              insert into bare.ready (rank, run_id)
              select ?::int8 + batch_index, run_id
                from stored
            )
            select pg_notify('bare_ready', '')
            """)) {
      bind(statement, payloads);
      statement.setLong(5, System.nanoTime() / 1_000);
      statement.executeQuery().close();
    }
  }

  private void bind(PreparedStatement statement, List<String> payloads) throws SQLException {
    int n = payloads.size();
    UUID batchId = IDS.next();
    UUID[] runIds = new UUID[n];
    Integer[] indexes = new Integer[n];
    for (int i = 0; i < n; i++) {
      runIds[i] = IDS.next();
      indexes[i] = i;
    }
    statement.setObject(1, batchId);
    statement.setArray(2, connection.createArrayOf("uuid", runIds));
    statement.setArray(3, connection.createArrayOf("int4", indexes));
    statement.setArray(4, connection.createArrayOf("text", payloads.toArray()));
  }

  /** Takes up to {@code max} ready runs and leases them. */
  public List<UUID> claim(int max) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            with taken as (
              delete from bare.ready
               where ctid = any (array(
                       select ctid
                         from bare.ready
                        order by rank, run_id
                        limit ?
                          for update skip locked))
              returning run_id
            )
            insert into bare.leases (run_id, session_id, claimed_at)
            select run_id, 1, now()
              from taken
            returning run_id
            """)) {
      statement.setInt(1, max);
      List<UUID> runIds = new ArrayList<>(max);
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          runIds.add(result.getObject(1, UUID.class));
        }
      }
      return runIds;
    }
  }

  /** Ends leases and writes their outcomes. */
  public void finish(List<UUID> runIds) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            with ended as (
              delete from bare.leases
               where run_id = any (?)
              returning run_id
            )
            insert into bare.outcomes (run_id, status, output, finished_at)
            select run_id, 'COMPLETED', null, now()
              from ended
            """)) {
      statement.setArray(1, connection.createArrayOf("uuid", runIds.toArray()));
      statement.executeUpdate();
    }
  }

  /** Claims and finishes until nothing is ready any more; returns how many runs that were. */
  public int drain(int claim) throws SQLException {
    int drained = 0;
    while (true) {
      List<UUID> runIds = claim(claim);
      if (runIds.isEmpty()) {
        return drained;
      }
      finish(runIds);
      drained += runIds.size();
    }
  }
}
