package dev.fanfare.bench;

import dev.fanfare.bench.measure.ProcessUsage;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * What the parts of a testbed have used so far. The figures of the database are those of all its
 * clients.
 *
 * @param walBytes the write-ahead log of the database
 * @param transactions how many transactions wrote something, subtransactions included
 * @param databaseCpu the CPU seconds of PostgreSQL; NaN, like all that follow: unknown, not Linux
 * @param serverCpu the CPU seconds of Fanfare's server
 * @param workerCpu the CPU seconds of Fanfare's worker
 * @param allCpu the CPU seconds of this process and its descendants, which are all parts
 */
record Usage(
    double walBytes,
    double transactions,
    double databaseCpu,
    double serverCpu,
    double workerCpu,
    double allCpu) {

  /** What was used until now. */
  static Usage read(Testbed testbed) throws SQLException {
    try (Statement statement = testbed.observer().createStatement();
        ResultSet result =
            statement.executeQuery(
                """
                select (pg_current_wal_insert_lsn() - '0/0')::float8 as wal_bytes,
                       pg_snapshot_xmax(pg_current_snapshot())::text::float8 as transactions,
                       pg_backend_pid() as pid
                """)) {
      result.next();
      return new Usage(
          result.getDouble("wal_bytes"),
          result.getDouble("transactions"),
          ProcessUsage.seconds(parent(result.getLong("pid"))),
          ProcessUsage.seconds(testbed.server().process()),
          ProcessUsage.seconds(testbed.worker().process()),
          ProcessUsage.seconds(ProcessHandle.current()));
    }
  }

  /** The process that started this backend: the parent of all of PostgreSQL's processes. */
  private static ProcessHandle parent(long backend) {
    return ProcessHandle.of(backend).flatMap(ProcessHandle::parent).orElseThrow();
  }

  Usage since(Usage earlier) {
    return new Usage(
        walBytes - earlier.walBytes,
        transactions - earlier.transactions,
        databaseCpu - earlier.databaseCpu,
        serverCpu - earlier.serverCpu,
        workerCpu - earlier.workerCpu,
        allCpu - earlier.allCpu);
  }
}
