package dev.fanfare.bench;

import dev.fanfare.protocol.PublicId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;

/**
 * Waits for batches to complete, by polling the database over a separate connection. Polling over
 * HTTP would burden the measured server, because its responses contain the ids of all runs.
 */
final class Batches {
  private static final long POLL_MILLIS = 2;

  private Batches() {}

  /** Waits until every stored batch is complete. */
  static void awaitAll(Connection connection) throws SQLException, InterruptedException {
    try (PreparedStatement open =
        connection.prepareStatement(
            "select exists (select from fanfare.batches where completed_at is null)")) {
      while (isTrue(open)) {
        Thread.sleep(POLL_MILLIS);
      }
    }
  }

  /** Waits until one batch is complete. */
  static void await(Connection connection, String batchId)
      throws SQLException, InterruptedException {
    UUID id = PublicId.parse(PublicId.BATCH, batchId);
    try (PreparedStatement open =
        connection.prepareStatement(
            "select completed_at is null from fanfare.batches where batch_id = ?")) {
      open.setObject(1, id);
      while (isTrue(open)) {
        Thread.sleep(POLL_MILLIS);
      }
    }
  }

  private static boolean isTrue(PreparedStatement statement) throws SQLException {
    try (ResultSet result = statement.executeQuery()) {
      return result.next() && result.getBoolean(1);
    }
  }
}
