package dev.fanfare.server.storage;

import dev.fanfare.server.db.IdRanges;
import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Tx;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** SQL that creates, splits and drops partitions. */
final class PartitionStore {
  private static final Pattern BOUNDS = Pattern.compile("FROM [(](.+)[)] TO [(](.+)[)]");
  private static final DateTimeFormatter DAY = formatter("yyyyMMdd");
  private static final DateTimeFormatter SECOND = formatter("yyyyMMdd_HHmmss");

  private static final List<String> TABLES =
      Arrays.stream(PartitionedTable.values()).map(PartitionedTable::table).toList();

  private static final Comparator<Partition> OLDEST_FIRST =
      Comparator.comparing(Partition::from, Comparator.nullsFirst(Comparator.<Long>naturalOrder()));

  private static DateTimeFormatter formatter(String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ROOT).withZone(ZoneOffset.UTC);
  }

  /**
   * Lets one server at a time change partitions, until the transaction ends; returns whether this
   * one may. Bounds how long its statements wait for locks, and lets them read whole tables, which
   * is what they do: by an index it would take several times as long.
   */
  boolean tryLock(Tx tx, String limit) {
    return Boolean.TRUE.equals(
        tx.sql(
                """
                select pg_try_advisory_xact_lock(hashtext('fanfare partitions')) as locked,
                       set_config('lock_timeout', :limit, true),
                       set_config('enable_seqscan', 'on', true)
                """)
            .bind("limit", limit)
            .first(r -> r.flag("locked")));
  }

  /** The partitions of a table, in the order of their ids. */
  List<Partition> partitions(Tx tx, PartitionedTable table) {
    return tx
        .sql(
            """
            select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds
              from pg_catalog.pg_inherits i
              join pg_catalog.pg_class c on c.oid = i.inhrelid
             where i.inhparent = (:table)::regclass
            """)
        .bind("table", table.table())
        .list(r -> partition(r.text("name"), r.text("bounds")))
        .stream()
        .sorted(OLDEST_FIRST)
        .toList();
  }

  /** The partitions of every table, oldest first; later, as {@code listLater} says. */
  Later<Map<PartitionedTable, List<Partition>>> all(Tx tx) {
    return tx.sql(
            """
            select p.relname as parent, c.relname as name,
                   pg_get_expr(c.relpartbound, c.oid) as bounds
              from pg_catalog.pg_class p
              join pg_catalog.pg_inherits i on i.inhparent = p.oid
              join pg_catalog.pg_class c on c.oid = i.inhrelid
             where p.oid = any (:tables::regclass[]::oid[])
            """)
        .texts("tables", TABLES)
        .listLater(r ->
            Map.entry(
                PartitionedTable.valueOf(r.text("parent").toUpperCase(Locale.ROOT)),
                partition(r.text("name"), r.text("bounds"))))
        .map(found ->
            found.stream()
                .sorted(Map.Entry.comparingByValue(OLDEST_FIRST))
                .collect(
                    Collectors.groupingBy(
                        Map.Entry::getKey,
                        Collectors.mapping(Map.Entry::getValue, Collectors.toList()))));
  }

  /**
   * A partition with its size.
   *
   * @param table the name of the table that it belongs to
   * @param rows an estimate
   * @param bytes with indexes and long values
   */
  record Sized(String table, Partition partition, long rows, long bytes) {}

  /**
   * The partitions of all tables with their sizes. PostgreSQL counts the rows that it inserts and
   * deletes, and forgets that number in a crash; the other estimate is from the last analysis.
   */
  List<Sized> sizes(Tx tx) {
    return tx.sql(
            """
            select p.relname as parent, c.relname as name,
                   pg_get_expr(c.relpartbound, c.oid) as bounds,
                   case when pg_stat_get_tuples_inserted(c.oid) > 0
                        then pg_stat_get_live_tuples(c.oid)
                        else greatest(c.reltuples, 0)::int8 end as entries,
                   pg_total_relation_size(c.oid) as bytes
              from pg_catalog.pg_class p
              join pg_catalog.pg_inherits i on i.inhparent = p.oid
              join pg_catalog.pg_class c on c.oid = i.inhrelid
             where p.oid = any (:tables::regclass[]::oid[])
            """)
        .texts("tables", TABLES)
        .list(r ->
            new Sized(
                r.text("parent"),
                partition(r.text("name"), r.text("bounds")),
                r.bigint("entries"),
                r.bigint("bytes")));
  }

  private static Partition partition(String name, String bounds) {
    Matcher matcher = BOUNDS.matcher(bounds);
    if (!matcher.find()) {
      throw new IllegalStateException("The partition " + name + " has the bounds " + bounds);
    }
    return new Partition(name, millis(matcher.group(1)), millis(matcher.group(2)));
  }

  private static @Nullable Long millis(String bound) {
    return bound.equals("MINVALUE") || bound.equals("MAXVALUE")
        ? null
        : IdRanges.millis(UUID.fromString(bound.substring(1, bound.length() - 1)));
  }

  /** The greatest id in a partition, or {@code null} when it is empty. */
  @Nullable UUID newest(Tx tx, PartitionedTable table, Partition partition) {
    return tx
        .sql(
            """
            -- names are known only when the server runs
            select %2$s as id
              from %1$s
             order by %2$s desc
             limit 1
            """
                .formatted(partition.name(), table.id))
        .listReplanned(r -> r.uuid("id"))
        .stream()
        .findFirst()
        .orElse(null);
  }

  /** Creates the table of a future partition, which must begin at {@code from}. */
  String create(Tx tx, PartitionedTable table, long from) {
    return create(tx, table, Partition.name(table, text(from)), null);
  }

  private static String create(Tx tx, PartitionedTable table, String name, @Nullable Long to) {
    tx.define("drop table if exists " + name); // of a server that was stopped in between
    tx.define(
        "create table %s (like %s including defaults including storage including indexes%s) with (fillfactor = %s)"
            .formatted(
                name,
                table.table(),
                to == null
                    ? ""
                    : ", constraint bounds check (%s)".formatted(condition(table, null, to)),
                table.fillFactor));
    // The key by which rows are looked up must be the newest index, also after a restore.
    tx.define("alter table %1$s drop constraint %1$s_pkey".formatted(name));
    tx.define("alter table %s add primary key (%s)".formatted(name, table.key));
    return name;
  }

  /**
   * Checks that the ids of the last partition are less than {@code to}, so that attaching it again
   * need not read it. Inserts go on meanwhile; one of a greater id would fail.
   */
  void check(Tx tx, PartitionedTable table, Partition last, long to) {
    tx.define(
        "alter table %s drop constraint if exists bounds, add constraint bounds check (%s) not valid"
            .formatted(last.name(), condition(table, last.from(), to)));
  }

  void validate(Tx tx, Partition last) {
    tx.define("alter table %s validate constraint bounds".formatted(last.name()));
  }

  private static String condition(PartitionedTable table, @Nullable Long from, long to) {
    return "%1$s is not null and %1$s < '%2$s'%3$s"
        .formatted(
            table.id,
            IdRanges.first(to),
            from == null ? "" : " and %s >= '%s'".formatted(table.id, IdRanges.first(from)));
  }

  /** Ends the last partition at {@code to}, and lets {@code next} follow as the last. */
  void split(Tx tx, PartitionedTable table, Partition last, long to, String next) {
    detach(tx, table, last);
    attach(tx, table, last.name(), last.from(), to);
    attach(tx, table, next, to, null);
    tx.define("alter table %s drop constraint bounds".formatted(last.name()));
  }

  private static void detach(Tx tx, PartitionedTable table, Partition partition) {
    tx.define("alter table %s detach partition %s".formatted(table.table(), partition.name()));
  }

  private static void attach(
      Tx tx, PartitionedTable table, String name, @Nullable Long from, @Nullable Long to) {
    tx.define(
        "alter table %s attach partition %s for values from (%s) to (%s)"
            .formatted(
                table.table(),
                name,
                from == null ? "minvalue" : "'" + IdRanges.first(from) + "'",
                to == null ? "maxvalue" : "'" + IdRanges.first(to) + "'"));
  }

  /** Keeps writers away from partitions until the transaction ends. Others can read. */
  void lockWriters(Tx tx, List<Partition> partitions) {
    tx.define(
        "lock table "
            + String.join(", ", partitions.stream().map(Partition::name).toList())
            + " in share row exclusive mode");
  }

  /**
   * Replaces the first partitions of a table by one that contains only some of their rows. Call
   * {@link #lockWriters} before.
   */
  void replace(Tx tx, PartitionedTable table, List<Partition> old, List<Survivor> survivors) {
    long to = Objects.requireNonNull(old.getLast().to());
    String name = create(tx, table, Partition.nameOfRemainder(table, text(to)), to);
    if (!survivors.isEmpty()) {
      String columns = String.join(", ", columns(tx, table));
      for (Partition partition : old) {
        if (table == PartitionedTable.RUN_TAGS) {
          copyTags(tx, partition.name(), name, survivors);
        } else {
          copy(tx, table, columns, partition.name(), name, survivors);
        }
      }
    }
    lockReaders(tx, table);
    old.forEach(partition -> detach(tx, table, partition));
    attach(tx, table, name, null, to);
    tx.define("alter table %s drop constraint bounds".formatted(name));
  }

  /**
   * Locks a table, in several tries: the work before would otherwise be repeated because of one
   * read that was a little too long. Between two tries, those go on that waited behind this one.
   */
  private static void lockReaders(Tx tx, PartitionedTable table) {
    tx.define(
        """
        do $$
        begin
          for i in 1..8 loop
            begin
              lock table %s in access exclusive mode;
              return;
            exception when lock_not_available then
              perform pg_sleep(0.05);
            end;
          end loop;
          raise lock_not_available;
        end
        $$
        """
            .formatted(table.table()));
  }

  private static List<String> columns(Tx tx, PartitionedTable table) {
    return tx.sql(
            """
            select attname
              from pg_catalog.pg_attribute
             where attrelid = (:table)::regclass
               and attnum > 0
               and not attisdropped
             order by attnum
            """)
        .bind("table", table.table())
        .list(r -> r.text("attname"));
  }

  private static void copy(
      Tx tx,
      PartitionedTable table,
      String columns,
      String from,
      String to,
      List<Survivor> survivors) {
    tx.sql(
            """
            -- names are known only when the server runs
            insert into %1$s (%2$s)
            select x.%3$s
              from unnest(:environment_ids::int[], :ids::uuid[]) as s (environment_id, id)
              join %4$s x on x.environment_id = s.environment_id and x.%5$s = s.id
            """
                .formatted(to, columns, columns.replace(", ", ", x."), from, table.id))
        .ints("environment_ids", survivors, Survivor::environmentId)
        .uuids("ids", survivors, Survivor::id)
        .update();
  }

  /** As {@link #copy}, but finds the tags by their key, which does not begin with the run. */
  private static void copyTags(Tx tx, String from, String to, List<Survivor> survivors) {
    tx.sql(
            """
            -- names are known only when the server runs
            insert into %1$s (environment_id, tag, run_id)
            select x.environment_id, x.tag, x.run_id
              from unnest(:environment_ids::int[], :ids::uuid[]) as s (environment_id, id)
              join %3$s r on r.environment_id = s.environment_id
                         and r.run_id = s.id
                         and within(r.run_id, :ids)
             cross join unnest(r.tags) as t (tag)
              join %2$s x on x.environment_id = r.environment_id
                         and x.tag = t.tag
                         and x.run_id = r.run_id
            """
                .formatted(to, from, PartitionedTable.RUNS.table()))
        .ints("environment_ids", survivors, Survivor::environmentId)
        .uuids("ids", survivors, Survivor::id)
        .update();
  }

  /** Drops tables that are no partitions any more. */
  void drop(Tx tx, String name) {
    tx.define("drop table " + name);
  }

  private static String text(long millis) {
    Instant time = Instant.ofEpochMilli(millis);
    return (millis % 86_400_000 == 0 ? DAY : SECOND).format(time);
  }

  /** The tables of former partitions that were not dropped yet. */
  List<String> detached(Tx tx, PartitionedTable table) {
    return tx.sql(
            """
            select c.relname
              from pg_catalog.pg_class c
             where c.relnamespace = (select relnamespace from pg_catalog.pg_class
                                      where oid = (:table)::regclass)
               and c.relkind = 'r'
               and not c.relispartition
               and c.relname ~ ('^' || :table || '_(first|before_[0-9_]+|[0-9][0-9_]*)$')
            """)
        .bind("table", table.table())
        .list(r -> r.text("relname"));
  }

  /** What {@link #detached} returns, of all tables; later, as {@code listLater} says. */
  Later<List<String>> allDetached(Tx tx) {
    return tx.sql(
            """
            select c.relname
              from pg_catalog.pg_class c
             where c.relnamespace = (select relnamespace from pg_catalog.pg_class
                                      where oid = 'runs'::regclass)
               and c.relkind = 'r'
               and not c.relispartition
               and c.relname ~ ('^(' || array_to_string(:tables::text[], '|')
                                || ')_(first|before_[0-9_]+|[0-9][0-9_]*)$')
            """)
        .texts("tables", TABLES)
        .listLater(r -> r.text("relname"));
  }
}
