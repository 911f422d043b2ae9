package dev.fanfare.server.access;

import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import java.util.List;

/** The access component: maintenance of used one-time tokens. */
public final class AccessComponent implements Component {
  private final List<Sweep> sweeps;

  public AccessComponent(Resources resources) {
    this.sweeps = List.of(new UsedTokenSweep(resources.database()));
  }

  @Override
  public List<Sweep> sweeps() {
    return sweeps;
  }
}
