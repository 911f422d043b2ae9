package dev.fanfare.server.batch;

import dev.fanfare.server.run.NewRun;

/**
 * An item of a streamed batch.
 *
 * @param index its place in the batch
 * @param run what it asks for, or a run that failed because the item was too long
 * @param text the item as it was sent, to be kept until the batch is sealed; empty when too long
 */
public record StreamedItem(int index, NewRun run, String text) {
  int chars() {
    return text.length();
  }
}
