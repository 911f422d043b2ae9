package dev.fanfare.postgres;

import java.io.IOException;

/** A server that has accepted our login. */
record RunningServer(GuardedProcess process, Binaries binaries, Login login) {

  void stop(Home home) throws IOException, InterruptedException {
    if (Platform.isWindows()) {
      stopByName(home);
    }
    boolean ended = process.stop();
    // If only the guard was killed, the server itself still runs.
    if (!stopByName(home) && !ended) {
      throw new PostgresException("PostgreSQL in %s does not stop".formatted(home.folder()));
    }
  }

  private boolean stopByName(Home home) throws IOException, InterruptedException {
    Leftover survivor = Leftover.of(home);
    if (survivor == null || !survivor.isOurs()) {
      return false;
    }
    survivor.stop(binaries);
    return true;
  }
}
