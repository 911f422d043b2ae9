package dev.fanfare.server.run;

import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import java.time.Duration;
import java.util.List;

/** Reading runs and ending them. */
public final class RunComponent implements Component {
  /** How long a list looks for further runs before it shows what it has found. */
  private static final Duration SEARCH_LIMIT = Duration.ofSeconds(2);

  private final ReadRuns readRuns;
  private final ListRuns listRuns;
  private final FinishRuns finishRuns;
  private final List<Sweep> sweeps;

  /**
   * @param listener is notified of outcomes in the transaction that writes them
   */
  public RunComponent(Resources resources, OutcomeListener listener) {
    this.readRuns = new ReadRuns(resources.database());
    this.listRuns = new ListRuns(resources.database(), SEARCH_LIMIT);
    this.finishRuns = new FinishRuns(listener);
    this.sweeps =
        List.of(
            new ExpireSweep(resources, finishRuns), new IdempotencyKeySweep(resources.database()));
  }

  /** Reading runs. */
  public ReadRuns readRuns() {
    return readRuns;
  }

  /** Lists of runs. */
  public ListRuns listRuns() {
    return listRuns;
  }

  /** Ending runs. */
  public FinishRuns finishRuns() {
    return finishRuns;
  }

  @Override
  public List<Sweep> sweeps() {
    return sweeps;
  }
}
