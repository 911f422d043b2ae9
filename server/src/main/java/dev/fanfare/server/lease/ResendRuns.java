package dev.fanfare.server.lease;

import dev.fanfare.server.db.Database;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Returns to a session the runs that it claimed in polls whose responses were lost. Without this
 * they would be out of reach until they are reclaimed, and would count a loss each. Thread-safe.
 */
public final class ResendRuns {
  private final Database database;
  private final PayloadReads payloadReads;
  private final HandBack handBack;
  private final UndeliveredStore undeliveredStore = new UndeliveredStore();

  ResendRuns(Database database, PayloadReads payloadReads, HandBack handBack) {
    this.database = database;
    this.payloadReads = payloadReads;
    this.handBack = handBack;
  }

  /**
   * Ends the polls from {@code unanswered} to {@code poll - 1}, which then claim nothing more, on
   * no server, and moves the runs that they claimed to {@code poll}. Runs that exceed the response
   * or the memory of the server go back to their queues.
   *
   * @param max the maximum number of runs
   */
  public List<ClaimedRun> resend(
      int environmentId, UUID sessionId, int unanswered, int poll, int max, ClaimMemory memory) {
    // On its own: a read must not wait for its turn with the lock of a session that others read.
    database.transaction(
        environmentId,
        tx -> {
          undeliveredStore.endPolls(tx, sessionId, poll);
          return null;
        });
    List<ClaimedRun> runs = new ArrayList<>();
    while (runs.size() < max && PayloadReads.chars(runs) < PayloadReads.CHARS_MAX) {
      int left = max - runs.size();
      @Nullable List<ClaimedRun> round;
      try (PayloadReads.Turn turn = payloadReads.turn(memory)) {
        round =
            database.transaction(
                environmentId,
                tx ->
                    turn.begin()
                        ? undeliveredStore.moveToPoll(
                            tx, sessionId, unanswered, poll, left, ClaimStore.BYTES_MAX)
                        : null);
        if (round != null) {
          turn.hold(round);
        }
      }
      if (round == null) {
        break;
      }
      if (round.isEmpty()) {
        return runs;
      }
      runs.addAll(round);
    }
    handBack.unanswered(environmentId, sessionId, unanswered, poll);
    return runs;
  }
}
