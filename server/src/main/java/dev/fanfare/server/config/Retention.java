package dev.fanfare.server.config;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long runs and batches are kept after they are final.
 *
 * @param span absent: forever
 */
public record Retention(@Nullable Duration span) {
  /** Nothing is ever deleted. */
  public static final Retention FOREVER = new Retention(null);

  /** Refuses a span that is not positive. */
  public Retention {
    if (span != null && !span.isPositive()) {
      throw new IllegalArgumentException("A retention is positive");
    }
  }
}
