package dev.fanfare.server.batch;

import dev.fanfare.server.run.NewRun;
import java.nio.charset.StandardCharsets;

/**
 * An item of a streamed batch.
 *
 * @param index its position in the batch
 * @param run the requested run; a failed run if the item is too long
 * @param line the item as it was sent, valid UTF-8; empty if it is too long
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record StreamedItem(int index, NewRun run, byte[] line) {
  /** The item as it was sent. */
  String text() {
    return new String(line, StandardCharsets.UTF_8);
  }
}
