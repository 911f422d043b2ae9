package dev.fanfare.server.trigger;

import static dev.fanfare.server.config.ServerSettings.DEBOUNCE_MAX_DELAY;
import static dev.fanfare.server.config.ServerSettings.TTL_MAX;

import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.run.HandOver;
import dev.fanfare.server.run.RunComponent;
import java.util.List;

/** Creating runs. */
public final class TriggerComponent implements Component {
  private final AssignLanes assignLanes;
  private final CreateRuns createRuns;
  private final HandOver handOver;
  private final TriggerRun triggerRun;
  private final List<Sweep> sweeps;

  /**
   * @param handOver hands new runs over to polls that wait
   */
  public TriggerComponent(Resources resources, RunComponent run, HandOver handOver) {
    ServerConfig config = resources.config();
    this.assignLanes = new AssignLanes(resources.database());
    this.createRuns =
        new CreateRuns(
            resources.ids(), run.finishRuns(), config.get(DEBOUNCE_MAX_DELAY), config.get(TTL_MAX));
    this.handOver = handOver;
    this.triggerRun = new TriggerRun(resources, assignLanes, createRuns, handOver);
    this.sweeps = List.of(new RequestKeySweep(resources.database()));
  }

  /** Assigning new runs to lanes. */
  public AssignLanes assignLanes() {
    return assignLanes;
  }

  /** Storing and queueing new runs. */
  public CreateRuns createRuns() {
    return createRuns;
  }

  /** Handing new runs over to polls that wait. */
  public HandOver handOver() {
    return handOver;
  }

  /** Triggering single runs. */
  public TriggerRun triggerRun() {
    return triggerRun;
  }

  @Override
  public List<Sweep> sweeps() {
    return sweeps;
  }
}
