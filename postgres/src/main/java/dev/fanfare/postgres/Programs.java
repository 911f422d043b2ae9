package dev.fanfare.postgres;

import java.io.IOException;

/**
 * PostgreSQL's programs, proven to run here.
 *
 * @param version such as {@code 18.6}
 */
record Programs(Binaries binaries, String version) {

  String major() {
    return version.replaceFirst("\\..*", "");
  }

  /**
   * Unpacks into the configured cache. Where the server runs as another user who cannot reach that
   * cache (root's own, behind a closed door), unpacks into the home, which is the server's own.
   */
  static Programs unpack(EmbeddedPostgresConfig config, Home home, Identity identity)
      throws IOException, InterruptedException {
    Archive archive = Archive.onClassPath();
    Binaries shared = Binaries.in(config.binaries(), archive);
    Command version = identity.version(shared);
    if (version.succeeded()) {
      return new Programs(shared, number(version));
    }
    if (identity.isOtherUser()) {
      Binaries own = Binaries.in(home.folder().resolve("binaries"), archive);
      Command again = identity.version(own);
      if (again.succeeded()) {
        return new Programs(own, number(again));
      }
      throw new PostgresException(
          ("PostgreSQL refuses to run as root, and user %s cannot run it from %s: %s. Let others"
                  + " pass through the folders above (chmod o+x), or run as an ordinary user.")
              .formatted(identity.uid(), home.folder(), again.output()));
    }
    throw new PostgresException(
        "The PostgreSQL in %s does not run on this machine: %s. Give the URL of a PostgreSQL of your own instead."
            .formatted(shared.folder(), version.output()));
  }

  private static String number(Command version) {
    // "postgres (PostgreSQL) 18.6"
    return version.output().replaceFirst("^.*\\) ", "").replaceFirst(" .*", "");
  }
}
