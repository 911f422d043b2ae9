package dev.fanfare.server;

import dev.fanfare.server.config.ServerConfig;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Stands in until the server is merged: the shape that the command line is written against. */
public final class Administration implements AutoCloseable {
  /**
   * A key, without its text.
   *
   * @param hint enough of the text to know it again, such as {@code tr_dev_…x7Qa}
   */
  public record KeyInfo(
      String id, String environment, String hint, Instant createdAt, @Nullable Instant revokedAt) {}

  /** A key just made, with its text, which is shown this once. */
  public record NewKey(String id, String environment, String secret) {}

  private Administration() {}

  /** Opens the database that {@code config} names. */
  public static Administration open(ServerConfig config) {
    return new Administration();
  }

  /** Every key. */
  public List<KeyInfo> keys() {
    return List.of();
  }

  /** Makes a key. */
  public NewKey createKey(String environment) {
    return new NewKey("", environment, "");
  }

  /** Whether there was such a key in use. */
  public boolean revokeKey(String id) {
    return id.isEmpty();
  }

  /** Migrates, and says in a sentence what was done. */
  public String migrate() {
    return "There is nothing to migrate.";
  }

  @Override
  public void close() {}
}
