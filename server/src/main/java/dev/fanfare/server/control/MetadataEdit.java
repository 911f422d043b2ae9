package dev.fanfare.server.control;

import dev.fanfare.server.result.Result;
import org.jspecify.annotations.Nullable;

/** An edit of one run's metadata. */
@FunctionalInterface
public interface MetadataEdit {
  /**
   * Returns the JSON text after the edit, or why the edit is not possible.
   *
   * @param before absent: the run has no metadata
   */
  Result<String> apply(@Nullable String before);
}
