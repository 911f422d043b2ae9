package dev.fanfare.server.batch;

import dev.fanfare.server.run.NewRun;

/**
 * An item of a streamed batch.
 *
 * @param index its position in the batch
 * @param run the requested run; a failed run if the item is too long
 * @param text the item as it was sent; empty if it is too long
 */
public record StreamedItem(int index, NewRun run, String text) {
  int chars() {
    return text.length();
  }
}
