package dev.fanfare.server.batch;

import static dev.fanfare.server.config.ServerSettings.BATCH_SEAL_LIMIT;

import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.trigger.TriggerComponent;
import java.util.List;

/** Triggering batches, in one request or streamed, and reading them. */
public final class BatchComponent implements Component {
  private final TriggerBatch triggerBatch;
  private final AnnounceBatch announceBatch;
  private final AddItems addItems;
  private final ReadBatches readBatches;
  private final List<Sweep> sweeps;

  public BatchComponent(Resources resources, TriggerComponent trigger) {
    this.triggerBatch = new TriggerBatch(resources, trigger);
    this.announceBatch = new AnnounceBatch(resources);
    this.addItems = new AddItems(resources, trigger);
    this.readBatches = new ReadBatches(resources.database());
    this.sweeps =
        List.of(
            new BatchKeySweep(resources.database()),
            new UnsealedSweep(resources.database(), resources.config().get(BATCH_SEAL_LIMIT)));
  }

  /** Triggering a batch in one request. */
  public TriggerBatch triggerBatch() {
    return triggerBatch;
  }

  /** Announcing a streamed batch. */
  public AnnounceBatch announceBatch() {
    return announceBatch;
  }

  /** Adding items to a streamed batch. */
  public AddItems addItems() {
    return addItems;
  }

  /** Reading batches. */
  public ReadBatches readBatches() {
    return readBatches;
  }

  @Override
  public List<Sweep> sweeps() {
    return sweeps;
  }
}
