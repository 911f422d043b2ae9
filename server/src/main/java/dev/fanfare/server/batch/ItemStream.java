package dev.fanfare.server.batch;

import dev.fanfare.server.run.NewRun;
import org.jspecify.annotations.Nullable;

/** Items as a client sends them, one after another. Belongs to one thread. */
public interface ItemStream {
  /** The next item, or {@code null} after the last; waits for the client. */
  @Nullable StreamedItem next();

  /** Reads again the text of an item that was kept. */
  NewRun read(String text);
}
