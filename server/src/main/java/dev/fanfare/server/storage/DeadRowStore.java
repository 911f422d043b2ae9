package dev.fanfare.server.storage;

import dev.fanfare.server.db.Tx;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** SQL that finds hot tables full of dead rows, and replaces them. */
final class DeadRowStore {

  /**
   * The partition of a hot table.
   *
   * @param name its name, which ends with a number
   * @param options its storage parameters; empty if it has none
   * @param dead how many dead rows it has, by PostgreSQL's statistics
   */
  record Worn(HotTable table, String name, String options, long dead) {
    /** The name of the partition that follows. */
    String next() {
      int digits = name.lastIndexOf('_') + 1;
      return name.substring(0, digits) + (Long.parseLong(name.substring(digits)) + 1);
    }
  }

  /** Whether there may be {@link #worn} tables; in environment 0, which stands for all. */
  static String due(long deadMin, long deadPerLive) {
    return """
    select 0 as environment_id, now() as at
      from pg_catalog.pg_inherits i
     where i.inhparent = any (array['ready', 'leases', 'delays', 'slots']::regclass[]::oid[])
       and pg_stat_get_dead_tuples(i.inhrelid) >= %s
       and pg_stat_get_dead_tuples(i.inhrelid) >= %s * pg_stat_get_live_tuples(i.inhrelid)
     limit 1
    """
        .formatted(deadMin, deadPerLive);
  }

  /** The hot tables with at least so many dead rows, in all and for each live one. */
  List<Worn> worn(Tx tx, long deadMin, long deadPerLive) {
    return tx.sql(
            """
            select p.relname as parent, c.relname as name,
                   coalesce(array_to_string(c.reloptions, ', '), '') as options,
                   s.n_dead_tup as dead
              from pg_catalog.pg_inherits i
              join pg_catalog.pg_class p on p.oid = i.inhparent
              join pg_catalog.pg_class c on c.oid = i.inhrelid
              join pg_catalog.pg_stat_user_tables s on s.relid = c.oid
             where i.inhparent = any (:tables::regclass[]::oid[])
               and s.n_dead_tup >= :dead_min
               and s.n_dead_tup >= :dead_per_live * s.n_live_tup
            """)
        .texts("tables", Arrays.stream(HotTable.values()).map(HotTable::table).toList())
        .bind("dead_min", deadMin)
        .bind("dead_per_live", deadPerLive)
        .list(r ->
            new Worn(
                HotTable.valueOf(r.text("parent").toUpperCase(Locale.ROOT)),
                r.text("name"),
                r.text("options"),
                r.bigint("dead")));
  }

  /**
   * Names what may keep dead rows from being removed: the transactions that are open in this
   * database, prepared ones, and replicas. Every role may read that, unlike the snapshots
   * themselves. PostgreSQL's own processes, which have no user, are not among them: autovacuum may
   * work for minutes, but nothing is kept for it.
   */
  Set<String> holders(Tx tx) {
    return new HashSet<>(
        tx.sql(
                """
                select l.virtualtransaction as holder
                  from pg_catalog.pg_locks l
                  join pg_catalog.pg_stat_activity a on a.pid = l.pid
                 where l.locktype = 'virtualxid'
                   and l.virtualxid = l.virtualtransaction
                   and a.datname = current_database()
                   and a.usesysid is not null
                   and l.pid <> pg_backend_pid()
                union all
                select 'prepared ' || gid
                  from pg_catalog.pg_prepared_xacts
                 where database = current_database()
                union all
                select 'slot ' || slot_name
                  from pg_catalog.pg_replication_slots
                 where xmin is not null
                """)
            .list(r -> r.text("holder")));
  }

  /** Creates the table that is to follow, without its primary key. */
  void create(Tx tx, Worn worn) {
    String next = worn.next();
    tx.define("drop table if exists " + next); // of a server that was stopped in between
    tx.define(
        "create table %s (like %s including defaults including constraints including storage including indexes)%s"
            .formatted(
                next,
                worn.table().table(),
                worn.options().isEmpty() ? "" : " with (" + worn.options() + ")"));
    tx.define("alter table %1$s drop constraint %1$s_pkey".formatted(next));
  }

  /** Moves the live rows to the table that follows. Nobody else can read or write meanwhile. */
  void replace(Tx tx, Worn worn) {
    String table = worn.table().table();
    tx.define("lock table " + table + " in access exclusive mode");
    tx.define(
        """
        -- names are known only when the server runs
        insert into %s
        select *
          from %s
        """
            .formatted(worn.next(), worn.name()));
    // Sorting the keys of all rows is faster than inserting each. And it must be the newest index:
    // see PartitionStore.
    tx.define("alter table %s add primary key (%s)".formatted(worn.next(), worn.table().key));
    tx.define("alter table %s detach partition %s".formatted(table, worn.name()));
    tx.define("alter table %s attach partition %s default".formatted(table, worn.next()));
    tx.define("drop table " + worn.name());
  }

  /** Bounds the time that each of the next statements takes. */
  void limit(Tx tx, String limit) {
    tx.sql("select set_config('statement_timeout', :limit, true)")
        .bind("limit", limit)
        .first(r -> true);
  }
}
