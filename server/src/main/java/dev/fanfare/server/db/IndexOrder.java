package dev.fanfare.server.db;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the primary keys the newest indexes of their tables. While a table is empty, the planner
 * takes the newest of the B-trees that know the columns of a condition. The migrations create the
 * keys last, but {@code pg_restore} creates them first.
 */
final class IndexOrder {
  private static final Logger log = LoggerFactory.getLogger(IndexOrder.class);

  /**
   * The unique keys to rebuild, the primary key of a table last. In a large table, the right index
   * is cheaper than the others anyway.
   */
  private static final String OLDER_KEYS =
      """
      select format('%I.%I', n.nspname, k.relname)
        from pg_catalog.pg_index i
        join pg_catalog.pg_constraint c on c.conindid = i.indexrelid
                                       and c.conrelid = i.indrelid
                                       and c.contype in ('p', 'u')
        join pg_catalog.pg_class t on t.oid = i.indrelid
        join pg_catalog.pg_class k on k.oid = i.indexrelid
        join pg_catalog.pg_namespace n on n.oid = t.relnamespace
        left join pg_catalog.pg_inherits h on h.inhrelid = t.oid
        left join pg_catalog.pg_class p on p.oid = h.inhparent
       where n.nspname = 'fanfare'
         and t.relkind = 'r'
         and coalesce(p.relname, t.relname) in ('runs', 'outcomes', 'batches', 'lanes', 'delays',
                                                'task_queues', 'version_tasks')
         and pg_relation_size(t.oid) < 256 * 1024 * 1024
         and exists (select
                       from pg_catalog.pg_index o
                       join pg_catalog.pg_index e on e.indrelid = o.indrelid and e.indisprimary
                       join pg_catalog.pg_class x on x.oid = o.indexrelid
                       join pg_catalog.pg_am m on m.oid = x.relam and m.amname = 'btree'
                      where o.indrelid = t.oid
                        and o.indexrelid > e.indexrelid)
       order by t.relname, i.indisprimary
      """;

  private IndexOrder() {}

  /** Rebuilds keys that are older than other indexes. Other servers can go on meanwhile. */
  static void restore(Connection connection) {
    try (Statement statement = connection.createStatement()) {
      List<String> keys = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery(OLDER_KEYS)) {
        while (rows.next()) {
          keys.add(rows.getString(1));
        }
      }
      for (String key : keys) {
        statement.execute("reindex index concurrently " + key); // gives it a new number
      }
      if (!keys.isEmpty()) {
        log.info(
            "Rebuilt {} keys that were older than other indexes, as after a restore", keys.size());
      }
    } catch (SQLException e) {
      log.warn(
          "Keys are older than other indexes, as after a restore, and could not be rebuilt."
              + " Statements may be slow until the next start: {}",
          Causes.of(e));
    }
  }
}
