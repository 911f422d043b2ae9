package dev.fanfare.server.run;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Triggers a single run: a batch of one, without a batch. */
public final class TriggerRun {
  private final Database database;
  private final Signals signals;
  private final InstantSource clock;
  private final PlaceRuns place;
  private final TriggerRuns trigger;
  private final RequestKeyStore requests = new RequestKeyStore();

  public TriggerRun(
      Database database,
      Signals signals,
      InstantSource clock,
      PlaceRuns place,
      TriggerRuns trigger) {
    this.database = database;
    this.signals = signals;
    this.clock = clock;
    this.place = place;
    this.trigger = trigger;
  }

  /**
   * Stores the run and returns when it is durable.
   *
   * @param requestKey hash of what marks a repeated request; absent: the client sends no such mark
   */
  public TriggeredRun trigger(
      int environmentId, NewRun run, Source source, @Nullable Hash requestKey) {
    List<PlacedRun> placed = place.place(environmentId, List.of(run));
    try {
      TriggeredRun triggered =
          database.transaction(
              tx -> store(tx, environmentId, placed, source, requestKey, clock.instant()));
      signals.ready(environmentId);
      return triggered;
    } catch (AnsweredBefore e) {
      return new TriggeredRun(e.runId, false);
    }
  }

  private TriggeredRun store(
      Tx tx,
      int environmentId,
      List<PlacedRun> placed,
      Source source,
      @Nullable Hash requestKey,
      Instant now) {
    TriggeredRun run = trigger.trigger(tx, environmentId, null, source, now, placed).getFirst();
    if (requestKey != null) {
      UUID answer = requests.claim(tx, environmentId, requestKey, run.runId(), now);
      if (!answer.equals(run.runId())) {
        throw new AnsweredBefore(answer);
      }
    }
    return run;
  }

  /** Rolls back a run that a repeated request would have made a second time. */
  private static final class AnsweredBefore extends RuntimeException {
    private final UUID runId;

    AnsweredBefore(UUID runId) {
      super(null, null, false, false);
      this.runId = runId;
    }
  }
}
