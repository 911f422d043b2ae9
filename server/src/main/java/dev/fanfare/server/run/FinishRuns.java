package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.packet.PacketPath;
import dev.fanfare.server.packet.PacketStore;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/**
 * The one door through which a run ends, whatever the cause. The caller has taken the run out of
 * the place where it stood, knows that it was the one to do so, and gives back its slot if it held
 * one; here the outcome is written once, the idempotency key freed when the outcome does not answer
 * a trigger, and whoever counts or waits is told: three statements for a whole group.
 */
public final class FinishRuns {
  private final OutcomeListener listener;
  private final OutcomeStore outcomes = new OutcomeStore();
  private final IdempotencyKeyStore keys = new IdempotencyKeyStore();
  private final PacketStore packets = new PacketStore();

  FinishRuns(OutcomeListener listener) {
    this.listener = listener;
  }

  /** Ends runs of one environment, each at most once in {@code endings}. */
  public void finish(Tx tx, List<Outcome> endings) {
    Set<UUID> ended = outcomes.insertAll(tx, endings);
    List<Outcome> now = endings.stream().filter(e -> ended.contains(e.runId())).toList();
    freeKeys(tx, now);
    keepPackets(tx, now);
    if (!now.isEmpty()) {
      listener.runsEnded(tx, now);
    }
  }

  /** What an output refers to is pruned no more. */
  private void keepPackets(Tx tx, List<Outcome> endings) {
    List<String> paths =
        endings.stream()
            .map(e -> PacketPath.ofOutput(e.output(), e.outputType()))
            .filter(Objects::nonNull)
            .toList();
    if (!paths.isEmpty()) {
      packets.keep(tx, paths);
    }
  }

  private void freeKeys(Tx tx, List<Outcome> endings) {
    List<UUID> unanswered =
        endings.stream().filter(e -> e.status().freesIdempotencyKey()).map(Outcome::runId).toList();
    if (!unanswered.isEmpty()) {
      keys.free(tx, unanswered);
    }
  }
}
