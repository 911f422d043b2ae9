package dev.fanfare.server.control;

import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;

/** Changing stored runs. */
public final class ControlComponent implements Component {
  private final ChangeRuns changeRuns;

  public ControlComponent(Resources resources) {
    this.changeRuns = new ChangeRuns(resources.database(), resources.clock());
  }

  /** Changing tags, metadata, delays and keys of stored runs. */
  public ChangeRuns changeRuns() {
    return changeRuns;
  }
}
