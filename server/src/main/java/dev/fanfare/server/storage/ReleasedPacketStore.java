package dev.fanfare.server.storage;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.packet.PacketName;
import dev.fanfare.server.packet.PacketStore;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** SQL that reads which packets a former partition of {@code packet_refs} names. */
final class ReleasedPacketStore {
  private static final int AT_ONCE = 1_000;

  private final PacketStore packets = new PacketStore();

  /**
   * Releases the next packets that a table names.
   *
   * @param after the last of those before; absent: begins with the first
   * @return the last, or {@code null} when there are no more
   */
  @Nullable PacketName release(Tx tx, String table, @Nullable PacketName after) {
    List<PacketName> names =
        tx.sql(
                """
                -- names are known only when the server runs
                select distinct environment_id, path
                  from %s
                 where (environment_id, path) > (:environment_id, :path)
                 order by environment_id, path
                 limit :max
                """
                    .formatted(table))
            .bind("environment_id", after == null ? 0 : after.environmentId())
            .bind("path", after == null ? "" : after.path())
            .bind("max", AT_ONCE)
            .listReplanned(r -> new PacketName(r.integer("environment_id"), r.text("path")));
    if (names.isEmpty()) {
      return null;
    }
    packets.release(tx, names);
    return names.getLast();
  }
}
