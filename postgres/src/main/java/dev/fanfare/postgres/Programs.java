package dev.fanfare.postgres;

import java.io.IOException;

/**
 * PostgreSQL's programs, verified to run on this machine.
 *
 * @param version the version, such as {@code 18.6}
 */
record Programs(Binaries binaries, String version) {

  String major() {
    return version.replaceFirst("\\..*", "");
  }

  /**
   * Unpacks the programs into the configured cache. If the server runs as another user that cannot
   * read the cache, because only root can, unpacks them into the home, which the server owns.
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
          ("PostgreSQL refuses to run as root, and user %s cannot run it from %s: %s. Make the"
                  + " parent folders accessible (chmod o+x), or run Fanfare as a regular user.")
              .formatted(identity.uid(), home.folder(), again.output()));
    }
    throw new PostgresException(
        "The PostgreSQL in %s does not run on this machine: %s. Set the URL of your own PostgreSQL instead."
            .formatted(shared.folder(), version.output()));
  }

  private static String number(Command version) {
    // "postgres (PostgreSQL) 18.6"
    return version.output().replaceFirst("^.*\\) ", "").replaceFirst(" .*", "");
  }
}
