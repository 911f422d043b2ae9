package dev.fanfare.server.queue;

import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import java.util.List;

/** The sweeps of queues: due delays, parked runs, and lanes and names that nobody uses. */
public final class QueueComponent implements Component {
  private final List<Sweep> sweeps;

  public QueueComponent(Resources resources) {
    this.sweeps =
        List.of(
            new DueSweep(resources),
            new ParkedSweep(resources),
            new LaneSweep(resources.database()),
            new RetireSweep(resources.database()));
  }

  @Override
  public List<Sweep> sweeps() {
    return sweeps;
  }
}
