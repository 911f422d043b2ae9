package dev.fanfare.server.batch;

import dev.fanfare.server.run.NewRun;
import org.jspecify.annotations.Nullable;

/** The items that a client streams. Not thread-safe. */
public interface ItemStream {
  /**
   * Reads the next item, or returns {@code null} after the last; blocks until the client sends it.
   */
  @Nullable StreamedItem next();

  /** Parses the stored text of an item. */
  NewRun read(String text);
}
