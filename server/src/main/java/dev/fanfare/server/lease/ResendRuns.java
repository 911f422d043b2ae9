package dev.fanfare.server.lease;

import dev.fanfare.server.db.Database;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Returns to a session the runs that it claimed in polls whose responses were lost. Without this
 * they would be out of reach until they are reclaimed, and would count a loss each. Thread-safe.
 */
public final class ResendRuns {
  /** As of a claim: each round reads a bounded number of bytes. */
  private static final int ROUNDS_MAX = 64;

  private final Database database;
  private final UndeliveredStore undeliveredStore = new UndeliveredStore();

  ResendRuns(Database database) {
    this.database = database;
  }

  /**
   * Ends the polls from {@code unanswered} to {@code poll - 1}, which then claim nothing more, on
   * no server, and moves the runs that they claimed to {@code poll}.
   *
   * @param max the maximum number of runs; what exceeds it stays out of reach
   */
  public List<ClaimedRun> resend(
      int environmentId, UUID sessionId, int unanswered, int poll, int max) {
    List<ClaimedRun> runs = new ArrayList<>();
    for (int i = 0; i < ROUNDS_MAX && runs.size() < max; i++) {
      boolean first = i == 0;
      int left = max - runs.size();
      List<ClaimedRun> round =
          database.transaction(
              environmentId,
              tx -> {
                if (first) {
                  undeliveredStore.endPolls(tx, sessionId, poll);
                }
                return undeliveredStore.moveToPoll(
                    tx, sessionId, unanswered, poll, left, ClaimStore.BYTES_MAX);
              });
      if (round.isEmpty()) {
        break;
      }
      runs.addAll(round);
    }
    return runs;
  }
}
