package dev.fanfare.bench;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The sizes of the tables that change with every run, each with all of its partitions. */
final class TableSizes {
  private static final String SIZES =
      """
      select t.name,
             coalesce(sum(s.n_dead_tup), 0)::int8 as dead,
             sum(pg_total_relation_size(c.oid))::int8 as bytes
        from unnest(array['ready', 'leases', 'lanes', 'slots', 'sessions', 'batches', 'outcomes',
                          'runs'])
             with ordinality as t (name, n)
        join pg_class c
          on c.oid = ('fanfare.' || t.name)::regclass
          or c.oid in (select i.inhrelid
                         from pg_inherits i
                        where i.inhparent = ('fanfare.' || t.name)::regclass)
        left join pg_stat_all_tables s on s.relid = c.oid
       group by t.name, t.n
       order by t.n
      """;

  private TableSizes() {}

  /** The dead rows and the megabytes of each table, in one line. */
  static String text(Connection connection) throws SQLException {
    List<String> texts = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(SIZES)) {
      while (result.next()) {
        texts.add(
            String.format(
                Locale.ROOT,
                "%s %,d/%.1f",
                result.getString("name"),
                result.getLong("dead"),
                result.getLong("bytes") / 1e6));
      }
    }
    return "dead rows/MB: " + String.join(", ", texts);
  }
}
