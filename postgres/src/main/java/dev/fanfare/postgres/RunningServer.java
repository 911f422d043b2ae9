package dev.fanfare.postgres;

import java.io.IOException;
import java.util.Optional;

/** A server that has answered to our login. */
record RunningServer(GuardedProcess process, Binaries binaries, Login login) {

  void stop(Home home) throws IOException, InterruptedException {
    boolean ended = process.stop();
    // Should someone have killed the guard alone, the server itself is still there.
    Optional<Leftover> survivor = Leftover.of(home.data()).filter(Leftover::isOurs);
    if (survivor.isPresent()) {
      survivor.get().stop(binaries);
    } else if (!ended) {
      throw new PostgresException("PostgreSQL in %s does not end".formatted(home.folder()));
    }
  }
}
