package dev.fanfare.server.control;

import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;

/** The use case that changes stored runs. */
public final class ControlComponent implements Component {
  private final ChangeRuns changeRuns;

  public ControlComponent(Resources resources) {
    this.changeRuns = new ChangeRuns(resources.database(), resources.clock());
  }

  /** Changes tags, metadata, delays and idempotency keys of stored runs. */
  public ChangeRuns changeRuns() {
    return changeRuns;
  }
}
