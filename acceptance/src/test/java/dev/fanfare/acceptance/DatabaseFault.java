package dev.fanfare.acceptance;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Makes writes to a table fail for a while, with any PostgreSQL error, which a trigger raises. It
 * counts the failures with a sequence, because sequences are not rolled back.
 */
final class DatabaseFault implements AutoCloseable {
  /** The error of a deadlock's victim; a retry can succeed. */
  static final String DEADLOCK = "40P01";

  /** An error that the server does not retry. */
  static final String INTERNAL = "XX000";

  private final TestServer server;
  private final String table;

  private DatabaseFault(TestServer server, String table) {
    this.server = server;
    this.table = table;
  }

  /** Lets the next {@code times} statements that write to {@code table} fail. */
  static DatabaseFault install(TestServer server, String table, String sqlState, int times) {
    DatabaseFault fault = new DatabaseFault(server, table);
    fault.execute(
        """
        create sequence faults;
        create function fault() returns trigger language plpgsql as $$
        begin
          if nextval('faults') <= %d then
            raise exception 'fault on purpose' using errcode = '%s';
          end if;
          return null;
        end $$;
        create trigger fault before insert or update on %s
           for each statement execute function fault()
        """
            .formatted(times, sqlState, table));
    return fault;
  }

  private void execute(String sql) {
    try (Connection connection = server.database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    execute("drop trigger fault on " + table + "; drop function fault(); drop sequence faults");
  }
}
