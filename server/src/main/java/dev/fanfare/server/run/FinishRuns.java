package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.packet.PacketPath;
import dev.fanfare.server.packet.PacketStore;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/**
 * Ends runs. Every run ends here, whatever the cause.
 *
 * <p>Before the call, the caller deletes the run's row, if it has one, from {@code ready}, {@code
 * delays}, {@code parked} or {@code leases}, and so knows that no other transaction ends the same
 * run. The caller also frees the run's slot. This class writes the outcome, frees the idempotency
 * key when the status requires it, keeps the packet of the output, and notifies the listener: up to
 * four statements for any number of runs.
 */
public final class FinishRuns {
  private final OutcomeListener listener;
  private final OutcomeStore store = new OutcomeStore();
  private final IdempotencyKeyStore keys = new IdempotencyKeyStore();
  private final PacketStore packets = new PacketStore();

  FinishRuns(OutcomeListener listener) {
    this.listener = listener;
  }

  /** Ends runs; a run that is already final keeps its first outcome. */
  public void finish(Tx tx, List<Outcome> outcomes) {
    Set<UUID> endedIds = store.insertAll(tx, outcomes);
    List<Outcome> ended = outcomes.stream().filter(o -> endedIds.contains(o.runId())).toList();
    freeKeys(tx, ended);
    keepPackets(tx, ended);
    if (!ended.isEmpty()) {
      listener.runsEnded(tx, ended);
    }
  }

  /** Protects packets that outputs refer to from being pruned. */
  private void keepPackets(Tx tx, List<Outcome> outcomes) {
    List<String> paths =
        outcomes.stream()
            .map(o -> PacketPath.ofOutput(o.output(), o.outputType()))
            .filter(Objects::nonNull)
            .toList();
    if (!paths.isEmpty()) {
      packets.keep(tx, paths);
    }
  }

  private void freeKeys(Tx tx, List<Outcome> outcomes) {
    List<UUID> runIds =
        outcomes.stream()
            .filter(o -> o.status().freesIdempotencyKey())
            .map(Outcome::runId)
            .toList();
    if (!runIds.isEmpty()) {
      keys.free(tx, runIds);
    }
  }
}
