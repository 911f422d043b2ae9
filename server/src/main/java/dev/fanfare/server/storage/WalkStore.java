package dev.fanfare.server.storage;

import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** SQL of {@code retention_walks}. */
final class WalkStore {
  /** Environments may have a retention of their own once one of them has. */
  static final String DUE =
      """
      select e.environment_id, now() as at
        from environments e
       where exists (select
                       from environments x
                      where x.retention is not null)
      """;

  /** What a walk visits, in the order of the ids. */
  enum Walk {
    /** Final runs, by their outcomes. */
    RUNS,
    BATCHES
  }

  /**
   * How far a walk has come.
   *
   * @param after whatever has a lesser id was visited
   * @param beganAt when it began with the least id
   */
  record Position(UUID after, Instant beganAt) {}

  /** The position of a walk; absent: it never began. */
  @Nullable Position find(Tx tx, Walk walk) {
    return tx.sql(
            """
            select after_id, began_at
              from retention_walks
             where environment_id = :environment
               and walk = :walk
            """)
        .bind("walk", walk.name())
        .first(WalkStore::position);
  }

  /** Begins a walk that never began. */
  void begin(Tx tx, Walk walk, Position position) {
    tx.sql(
            """
            insert into retention_walks (environment_id, walk, after_id, began_at)
            values (:environment, :walk, :after_id, :began_at)
                on conflict do nothing
            """)
        .bind("walk", walk.name())
        .bind("after_id", position.after())
        .bind("began_at", position.beganAt())
        .update();
  }

  /** Locks a walk until the transaction ends; absent: another server has locked it. */
  @Nullable Position lock(Tx tx, Walk walk) {
    return tx.sql(
            """
            select after_id, began_at
              from retention_walks
             where environment_id = :environment
               and walk = :walk
               for update skip locked
            """)
        .bind("walk", walk.name())
        .first(WalkStore::position);
  }

  /** Moves a walk that this transaction has locked. */
  void move(Tx tx, Walk walk, Position position) {
    tx.sql(
            """
            update retention_walks
               set after_id = :after_id, began_at = :began_at
             where environment_id = :environment
               and walk = :walk
            """)
        .bind("walk", walk.name())
        .bind("after_id", position.after())
        .bind("began_at", position.beganAt())
        .update();
  }

  private static Position position(Row r) throws SQLException {
    return new Position(r.uuid("after_id"), r.instant("began_at"));
  }
}
