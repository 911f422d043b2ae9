package dev.fanfare.server.access;

import dev.fanfare.server.config.Retention;
import dev.fanfare.server.db.Database;
import org.jspecify.annotations.Nullable;

/** Changes how long the runs of an environment are kept. Thread-safe. */
public final class SetRetention {
  private final Database database;
  private final RetentionStore retentions = new RetentionStore();

  public SetRetention(Database database) {
    this.database = database;
  }

  /**
   * Changes the retention of an environment, which running servers follow within minutes.
   *
   * @param environment {@code dev}, {@code staging} or {@code prod}
   * @param own absent: as long as the servers keep runs
   * @throws IllegalArgumentException when the environment does not exist
   */
  public void set(String environment, @Nullable Retention own) {
    if (!database.transaction(tx -> retentions.set(tx, environment, own))) {
      throw new IllegalArgumentException("There is no environment " + environment);
    }
  }
}
