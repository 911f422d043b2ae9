package dev.fanfare.server.packet;

import dev.fanfare.server.db.Tx;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

/**
 * SQL of {@code packets}, the list of stored packets, and of {@code packet_refs}, the runs that
 * refer to them.
 *
 * <p>The column {@code used} is a hint that costs no lookup: a packet that it excludes is not
 * considered for deletion. The references decide. They are read under a lock of the packet that a
 * transaction with a new reference shares, so none is overlooked.
 */
public final class PacketStore {
  /** When the oldest packet of each environment was stored that may be unused. */
  static final String DUE =
      """
      select e.environment_id, d.stored_at as at
        from environments e
       cross join lateral (
               select x.stored_at
                 from packets x
                where x.environment_id = e.environment_id
                  and not x.used
                order by x.stored_at
                limit 1) as d
      """;

  /** Records that bytes are about to be stored under a path. */
  void add(Tx tx, String path, Instant now) {
    tx.sql(
            """
            insert into packets (environment_id, path, stored_at)
            values (:environment, :path, :now)
                on conflict (environment_id, path) do update
               set stored_at = excluded.stored_at
            """)
        .bind("path", path)
        .bind("now", now)
        .update();
  }

  /**
   * Keeps packets for as long as the runs that refer to them. A packet may be uploaded later than
   * the reference, or never.
   *
   * <p>Concurrent triggers do not wait for each other, because they share their locks; only the
   * first reference to a packet changes its row.
   */
  public void keep(Tx tx, Collection<PacketRef> refs) {
    tx.sql(
            """
            with named as materialized (
              select path, used
                from packets
               where environment_id = :environment
                 and path = any (:paths)
               order by path                     -- one order for all prevents deadlocks
                 for key share                   -- conflicts with a deletion only
            ), fresh as materialized (
              select a.address
                from named n
               cross join lateral (
                       select x.ctid as address
                         from packets x
                        where x.environment_id = :environment
                          and x.path = n.path
                          and not x.used
                        limit 1
                          for no key update) as a
               where not n.used
            ), referred as (
              insert into packet_refs (environment_id, run_id, path)
              select :environment, r.run_id, r.path
                from unnest(:run_ids::uuid[], :paths::text[]) as r (run_id, path)
                  on conflict do nothing         -- an output can be the payload
            )
            update packets p
               set used = true
              from fresh f
             where p.environment_id is not distinct from :environment -- not for an index
               and p.ctid = f.address
            """)
        .texts("paths", refs, PacketRef::path)
        .uuids("run_ids", refs, PacketRef::runId)
        .updateLater();
  }

  /**
   * Lets {@link #lockUnused} consider packets again, because references to them are gone.
   *
   * @param tx may be outside any environment
   * @param names in the order of environments and paths
   */
  public void release(Tx tx, List<PacketName> names) {
    tx.sql(
            """
            update packets p
               set used = false
              from unnest(:environment_ids::int[], :paths::text[]) as r (environment_id, path)
             cross join lateral (
                     select x.ctid as address
                       from packets x
                      where x.environment_id = r.environment_id
                        and x.path = r.path
                        and x.used
                      limit 1
                        for no key update) as a
             where p.environment_id is not distinct from r.environment_id -- not for an index
               and p.ctid = a.address
            """)
        .ints("environment_ids", names, PacketName::environmentId)
        .texts("paths", names, PacketName::path)
        .update();
  }

  /** Deletes the references of runs that are deleted, and releases the packets. */
  public void releaseAll(Tx tx, List<UUID> runIds) {
    List<PacketRef> refs = refs(tx, runIds);
    if (refs.isEmpty()) {
      return;
    }
    List<PacketName> names =
        tx.sql(
                """
                with gone as (
                  delete from packet_refs g
                   using unnest(:run_ids::uuid[], :paths::text[]) as r (run_id, path)
                   where g.environment_id = :environment
                     and g.path = r.path
                     and g.run_id = r.run_id
                     and within(g.run_id, :run_ids)
                  returning g.path
                )
                select distinct path
                  from gone
                 order by path
                """)
            .uuids("run_ids", refs, PacketRef::runId)
            .texts("paths", refs, PacketRef::path)
            .list(r -> new PacketName(tx.environmentId(), r.text("path")));
    release(tx, names);
  }

  /** A run can have other references than those of its payload and output: to debounced data. */
  private static List<PacketRef> refs(Tx tx, List<UUID> runIds) {
    return tx.sql(
            """
            select r.run_id, r.path
              from unnest(:run_ids::uuid[]) as s (run_id)
             cross join lateral (
                     select x.run_id, x.path
                       from packet_refs x
                      where x.environment_id = :environment
                        and x.run_id >= s.run_id     -- not equal: the order below is for
                        and x.run_id <= s.run_id     -- the index that begins with the run
                        and within(x.run_id, :run_ids)
                      order by x.run_id) as r
            """)
        .uuids("run_ids", runIds)
        .list(r -> new PacketRef(r.uuid("run_id"), r.text("path")));
  }

  /** Locks up to {@code max} packets that were stored before a time and may have no run. */
  List<String> lockUnused(Tx tx, Instant before, int max) {
    return tx.sql(
            """
            select path
              from packets
             where environment_id = :environment
               and not used
               and stored_at < :before
             order by stored_at
             limit :max
               for update skip locked
            """)
        .bind("before", before)
        .bind("max", max)
        .list(r -> r.text("path"));
  }

  /**
   * Marks those of these packets as used that a run refers to, and returns them. This must follow
   * {@link #lockUnused} as a statement of its own: the locking statement would not see references
   * that were committed since it began.
   */
  List<String> markUsed(Tx tx, List<String> paths) {
    return tx.sql(
            """
            update packets p
               set used = true
              from unnest(:paths::text[]) as c (path)
             cross join lateral (
                     select r.path
                       from packet_refs r
                      where r.environment_id = :environment
                        and r.path = c.path
                      limit 1) as r
             cross join lateral (
                     select x.ctid as address
                       from packets x
                      where x.environment_id = :environment
                        and x.path = r.path
                      limit 1) as a
             where p.environment_id is not distinct from :environment -- not for an index
               and p.ctid = a.address
            returning p.path
            """)
        .texts("paths", paths)
        .list(r -> r.text("path"));
  }

  void delete(Tx tx, List<String> paths) {
    tx.sql(
            """
            delete from packets
             where environment_id = :environment
               and path = any (:paths)
            """)
        .texts("paths", paths)
        .update();
  }
}
