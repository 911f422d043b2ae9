package dev.fanfare.postgres;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The folders and the durability of an embedded PostgreSQL. Immutable.
 *
 * @param home the folder with all files of this server: data, password, settings, log. Created if
 *     absent. Only one JVM at a time can use it
 * @param binaries the folder into which PostgreSQL's programs are unpacked, once per version (60
 *     MB). Many homes can share it, and it may be read-only once filled. Default: {@code fanfare}
 *     in the user's cache folder
 * @param durable true (the default): committed data survives a power failure. False turns off
 *     fsync, synchronous commit and full-page writes. Use that for tests only: a crash of the
 *     machine may destroy the data
 */
public record EmbeddedPostgresConfig(Path home, Path binaries, boolean durable) {

  private static final Pattern UNUSABLE = Pattern.compile("[\"$`\\\\\r\n]");

  /** PostgreSQL allows 1023 bytes; this leaves room for the files in these folders. */
  private static final int PATH_BYTES_MAX = 800;

  public EmbeddedPostgresConfig {
    home = home.toAbsolutePath().normalize();
    binaries = binaries.toAbsolutePath().normalize();
  }

  /** A durable server in {@code home}, with its programs in the user's cache folder. */
  public static EmbeddedPostgresConfig in(Path home) {
    return new EmbeddedPostgresConfig(home, userCache(), true);
  }

  /** Returns a copy that unpacks PostgreSQL's programs into {@code binaries}. */
  public EmbeddedPostgresConfig withBinaries(Path binaries) {
    return new EmbeddedPostgresConfig(home, binaries, durable);
  }

  /** Returns a copy without fsync: fast, but only for tests. */
  public EmbeddedPostgresConfig withoutDurability() {
    return new EmbeddedPostgresConfig(home, binaries, false);
  }

  /**
   * Refuses paths with which PostgreSQL cannot work: its initdb passes them to a shell without
   * escaping them, and cuts off long ones.
   */
  void checkPaths() {
    for (Path path : Platform.isWindows() ? List.<Path>of() : List.of(home, binaries)) {
      String text = path.toString();
      if (UNUSABLE.matcher(text).find()) {
        throw new PostgresException(
            "PostgreSQL cannot use the folder %s: its path contains a double quote, $, `, a backslash or a line break. Choose another folder."
                .formatted(text));
      }
      if (text.getBytes(StandardCharsets.UTF_8).length > PATH_BYTES_MAX) {
        throw new PostgresException(
            "PostgreSQL cannot use the folder %s: its path is longer than %s bytes. Choose another folder."
                .formatted(text, PATH_BYTES_MAX));
      }
    }
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
