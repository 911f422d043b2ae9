package dev.fanfare.server.packet;

import dev.fanfare.server.db.Tx;
import java.time.Instant;
import java.util.Collection;
import java.util.List;

/** SQL of {@code packets}. */
public final class PacketStore {

  /** Notes that something is about to be put under a path. */
  void add(Tx tx, int environmentId, String path, Instant now) {
    tx.update(
        """
        insert into packets (environment_id, path, stored_at)
        values (?, ?, ?)
            on conflict (environment_id, path) do update
           set stored_at = excluded.stored_at
        """,
        environmentId,
        path,
        now);
  }

  /**
   * Keeps packets for as long as there are runs, because a run refers to them. Paths without a
   * packet are nothing to it.
   */
  public void keep(Tx tx, int environmentId, Collection<String> paths) {
    tx.update(
        """
        with named as materialized (
          select path
            from packets
           where environment_id = ?
             and path = any (?)
             and not used
           order by path                     -- one order for all, so that no two wait in a ring
             for update
        )
        update packets p
           set used = true
          from named n
         where p.environment_id = ?
           and p.path = n.path
        """,
        environmentId,
        paths.toArray(String[]::new),
        environmentId);
  }

  /** Locks up to {@code max} packets that were stored before a time and that no run refers to. */
  List<String> lockUnused(Tx tx, int environmentId, Instant before, int max) {
    return tx.list(
        """
        select path
          from packets
         where environment_id = ?
           and not used
           and stored_at < ?
         order by stored_at
         limit ?
           for update skip locked
        """,
        r -> r.text("path"),
        environmentId,
        before,
        max);
  }

  void delete(Tx tx, int environmentId, List<String> paths) {
    tx.update(
        """
        delete from packets
         where environment_id = ?
           and path = any (?)
        """,
        environmentId,
        paths.toArray(String[]::new));
  }
}
