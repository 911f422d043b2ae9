package dev.fanfare.server.packet;

import dev.fanfare.server.db.Tx;
import java.time.Instant;
import java.util.Collection;
import java.util.List;

/** SQL of {@code packets}, the list of stored packets. */
public final class PacketStore {

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
   * Excludes packets from pruning, because a run refers to them. Ignores paths without a packet.
   */
  public void keep(Tx tx, Collection<String> paths) {
    tx.sql(
            """
            with named as materialized (
              select path
                from packets
               where environment_id = :environment
                 and path = any (:paths)
                 and not used
               order by path                     -- one order for all prevents deadlocks
                 for update
            )
            update packets p
               set used = true
              from named n
             where p.environment_id = :environment
               and p.path = n.path
            """)
        .texts("paths", paths)
        .update();
  }

  /** Locks up to {@code max} packets that were stored before a time and have no run. */
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
