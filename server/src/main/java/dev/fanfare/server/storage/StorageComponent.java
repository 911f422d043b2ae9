package dev.fanfare.server.storage;

import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import java.util.List;

/** The sweeps that create, drop and replace partitions, and delete rows before they are dropped. */
public final class StorageComponent implements Component {
  private final List<Sweep> sweeps;

  public StorageComponent(Resources resources) {
    this.sweeps =
        List.of(
            new PartitionSweep(resources),
            new RetentionSweep(resources),
            new DeadRowSweep(resources));
  }

  @Override
  public List<Sweep> sweeps() {
    return sweeps;
  }
}
