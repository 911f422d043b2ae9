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
  private final RunsEnded listener;
  private final OutcomeStore outcomes = new OutcomeStore();
  private final KeyStore keys = new KeyStore();
  private final PacketStore packets = new PacketStore();

  public FinishRuns(RunsEnded listener) {
    this.listener = listener;
  }

  /** Ends runs of one environment, each at most once in {@code endings}. */
  public void finish(Tx tx, int environmentId, List<Ending> endings) {
    Set<UUID> ended = outcomes.insertAll(tx, environmentId, endings);
    List<Ending> now = endings.stream().filter(e -> ended.contains(e.runId())).toList();
    freeKeys(tx, environmentId, now);
    keepPackets(tx, environmentId, now);
    if (!now.isEmpty()) {
      listener.runsEnded(tx, environmentId, now);
    }
  }

  /** What an output refers to is pruned no more. */
  private void keepPackets(Tx tx, int environmentId, List<Ending> endings) {
    List<String> paths =
        endings.stream()
            .map(e -> PacketPath.ofOutput(e.output(), e.outputType()))
            .filter(Objects::nonNull)
            .toList();
    if (!paths.isEmpty()) {
      packets.keep(tx, environmentId, paths);
    }
  }

  private void freeKeys(Tx tx, int environmentId, List<Ending> endings) {
    List<UUID> unanswered =
        endings.stream().filter(e -> e.status().freesIdempotencyKey()).map(Ending::runId).toList();
    if (!unanswered.isEmpty()) {
      keys.free(tx, environmentId, unanswered);
    }
  }
}
