package dev.fanfare.server.control;

import dev.fanfare.server.result.Result;
import org.jspecify.annotations.Nullable;

/** A change of one run's metadata. */
@FunctionalInterface
public interface MetadataEdit {
  /**
   * The JSON text after the change, or why it cannot be made.
   *
   * @param before absent: the run has no metadata
   */
  Result<String> apply(@Nullable String before);
}
