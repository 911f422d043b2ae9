package dev.fanfare.server.access;

import dev.fanfare.server.config.Retention;
import dev.fanfare.server.db.Later;
import dev.fanfare.server.db.Row;
import dev.fanfare.server.db.Statement;
import dev.fanfare.server.db.Tx;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** SQL of the retentions in {@code environments}. */
public final class RetentionStore {

  /**
   * An environment with its retention.
   *
   * @param slug {@code dev}, {@code staging} or {@code prod}
   * @param own absent: as long as the servers keep runs
   */
  public record EnvironmentRetention(int environmentId, String slug, @Nullable Retention own) {}

  /** The retention of every environment, oldest first. */
  public List<EnvironmentRetention> list(Tx tx) {
    return query(tx).list(RetentionStore::retention);
  }

  /** As {@link #list}, later. */
  public Later<List<EnvironmentRetention>> listLater(Tx tx) {
    return query(tx).listLater(RetentionStore::retention);
  }

  private static Statement query(Tx tx) {
    return tx.sql(
        """
        select environment_id, slug, retention
          from environments
         order by environment_id
        """);
  }

  private static EnvironmentRetention retention(Row r) throws SQLException {
    String own = r.textOrNull("retention");
    return new EnvironmentRetention(
        r.integer("environment_id"), r.text("slug"), own == null ? null : Retention.parse(own));
  }

  /** Changes the retention of an environment; returns false when there is no such environment. */
  boolean set(Tx tx, String slug, @Nullable Retention own) {
    return tx.sql(
                """
                update environments
                   set retention = :retention
                 where slug = :slug
                """)
            .bind("retention", own == null ? null : own.text())
            .bind("slug", slug)
            .update()
        > 0;
  }
}
