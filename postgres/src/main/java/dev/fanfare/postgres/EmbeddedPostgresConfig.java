package dev.fanfare.postgres;

import java.nio.file.Path;

/**
 * Where an embedded PostgreSQL lives and how careful it is. Immutable.
 *
 * @param home folder that holds everything of this server: data, password, settings, log. Made when
 *     absent. One JVM at a time may use it
 * @param binaries folder into which PostgreSQL's programs are unpacked, once per version (60 MB).
 *     Many homes may share it, and it may be read-only once filled. Default: {@code fanfare} in the
 *     user's cache folder
 * @param durable true (the default): what was committed survives a power cut. False turns fsync,
 *     synchronous commit and full page writes off: for tests only, a crash of the machine may
 *     destroy the data
 */
public record EmbeddedPostgresConfig(Path home, Path binaries, boolean durable) {

  public EmbeddedPostgresConfig {
    home = home.toAbsolutePath().normalize();
    binaries = binaries.toAbsolutePath().normalize();
  }

  /** A durable server in {@code home}, its programs in the user's cache folder. */
  public static EmbeddedPostgresConfig in(Path home) {
    return new EmbeddedPostgresConfig(home, userCache(), true);
  }

  /** The same, with PostgreSQL's programs unpacked into {@code binaries}. */
  public EmbeddedPostgresConfig withBinaries(Path binaries) {
    return new EmbeddedPostgresConfig(home, binaries, durable);
  }

  /** The same without fsync: quick, and fit for tests only. */
  public EmbeddedPostgresConfig withoutDurability() {
    return new EmbeddedPostgresConfig(home, binaries, false);
  }

  private static Path userCache() {
    String xdg = System.getenv("XDG_CACHE_HOME");
    if (xdg != null && !xdg.isBlank()) {
      return Path.of(xdg, "fanfare");
    }
    String local = System.getenv("LOCALAPPDATA");
    if (Platform.isWindows() && local != null) {
      return Path.of(local, "fanfare", "cache");
    }
    return Path.of(System.getProperty("user.home"), ".cache", "fanfare");
  }
}
