package dev.fanfare.bench.baseline;

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
 * A minimal queue with one statement to store runs, one to claim them and one to finish them. Each
 * statement is its own transaction and one round trip. Not thread-safe.
 */
public final class BaselineQueue {
  private static final TimeOrderedIds IDS = new TimeOrderedIds(InstantSource.system());

  private final Connection connection;

  /** Uses this connection, and sets it to auto-commit. */
  public BaselineQueue(Connection connection) throws SQLException {
    this.connection = connection;
    connection.setAutoCommit(true);
  }

  /** Stores one run per payload in the table with three indexes. */
  public void store(List<String> payloads) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            insert into baseline.runs (run_id, batch_id, batch_index, task_id, created_at, payload)
            select r.run_id, ?, r.i, 1, now(), r.payload
              from unnest(?::uuid[], ?::int[], ?::text[]) as r (run_id, i, payload)
            """)) {
      bind(statement, payloads);
      statement.executeUpdate();
    }
  }

  /** Stores one run per payload, makes all of them ready, and notifies the listener. */
  public void storeReady(List<String> payloads) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            with stored as (
              insert into baseline.runs (run_id, batch_id, batch_index, task_id, created_at, payload)
              select r.run_id, ?, r.i, 1, now(), r.payload
                from unnest(?::uuid[], ?::int[], ?::text[]) as r (run_id, i, payload)
              returning run_id, batch_index
            ), queued as (
              insert into baseline.ready (rank, run_id)
              select ?::int8 + batch_index, run_id
                from stored
            )
            select pg_notify('baseline_ready', '')
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

  /** Claims up to {@code max} ready runs. */
  public List<UUID> claim(int max) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            with taken as (
              delete from baseline.ready
               where ctid = any (array(
                       select ctid
                         from baseline.ready
                        order by rank, run_id
                        limit ?
                          for update skip locked))
              returning run_id
            )
            insert into baseline.leases (run_id, session_id, claimed_at)
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

  /** Deletes the leases and inserts the outcomes. */
  public void finish(List<UUID> runIds) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            with ended as (
              delete from baseline.leases
               where run_id = any (?)
              returning run_id
            )
            insert into baseline.outcomes (run_id, status, output, finished_at)
            select run_id, 'COMPLETED', null, now()
              from ended
            """)) {
      statement.setArray(1, connection.createArrayOf("uuid", runIds.toArray()));
      statement.executeUpdate();
    }
  }

  /** Claims and finishes runs until none is ready; returns their number. */
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
