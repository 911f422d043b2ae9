package dev.fanfare.server.run;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.packet.PacketPath;
import dev.fanfare.server.packet.PacketRef;
import dev.fanfare.server.packet.PacketStore;
import java.util.ArrayList;
import java.util.List;
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
    List<Outcome> ended = store.insertAll(tx, outcomes);
    freeKeys(tx, ended);
    keepPackets(tx, ended);
    if (!ended.isEmpty()) {
      listener.runsEnded(tx, ended);
    }
  }

  /** Keeps the packets that outputs refer to. */
  private void keepPackets(Tx tx, List<Outcome> outcomes) {
    List<PacketRef> refs = new ArrayList<>();
    for (Outcome outcome : outcomes) {
      String path = PacketPath.ofOutput(outcome.output(), outcome.outputType());
      if (path != null) {
        refs.add(new PacketRef(outcome.runId(), path));
      }
    }
    if (!refs.isEmpty()) {
      packets.keep(tx, refs);
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
