package dev.fanfare.postgres;

import java.io.IOException;
import java.util.Optional;

/** A server that has answered to our login. */
record RunningServer(GuardedProcess process, Binaries binaries, Login login) {

  void stop(Home home) throws IOException, InterruptedException {
    if (Platform.isWindows()) {
      stopByName(home);
    }
    boolean ended = process.stop();
    // Should someone have killed the guard alone, the server itself is still there.
    if (!stopByName(home) && !ended) {
      throw new PostgresException("PostgreSQL in %s does not end".formatted(home.folder()));
    }
  }

  private boolean stopByName(Home home) throws IOException, InterruptedException {
    Optional<Leftover> survivor = Leftover.of(home).filter(Leftover::isOurs);
    if (survivor.isPresent()) {
      survivor.get().stop(binaries);
    }
    return survivor.isPresent();
  }
}
