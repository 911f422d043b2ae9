package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A sweep that deletes expired rows must not read the others. */
class ExpiryIndexTest {

  @Test
  void every_table_with_an_expiry_time_has_an_index_on_it() throws SQLException {
    List<String> tables = new ArrayList<>();
    try (TestDatabase home = MigratedDatabase.create();
        Connection connection = home.connect();
        Statement statement = connection.createStatement();
        ResultSet found =
            statement.executeQuery(
                """
                select c.relname as table_name
                  from pg_attribute a
                  join pg_class c on c.oid = a.attrelid and c.relkind = 'r'
                 where c.relnamespace = 'fanfare'::regnamespace
                   and a.attname = 'expires_at'
                   and not exists (select
                                     from pg_index i
                                     join pg_attribute e on e.attrelid = i.indrelid
                                                        and e.attnum = i.indkey[0]
                                    where i.indrelid = a.attrelid
                                      and e.attname = 'environment_id'
                                      and i.indkey[1] = a.attnum)
                """)) {
      while (found.next()) {
        tables.add(found.getString("table_name"));
      }
    }
    assertThat(tables).containsExactly("sessions"); // small: one row for each worker
  }
}
