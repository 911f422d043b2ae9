package dev.fanfare.server.config;

import java.time.Duration;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * How long runs and batches are kept after they are final. Retentions are ordered by their length.
 *
 * @param span absent: forever
 */
public record Retention(@Nullable Duration span) implements Comparable<Retention> {
  /** Nothing is ever deleted. */
  public static final Retention FOREVER = new Retention(null);

  /** What a text must be, for the message when it is not. */
  public static final String EXPECTATION = Syntax.RETENTION.expectation();

  /** Refuses a span that is not positive. */
  public Retention {
    if (span != null && !span.isPositive()) {
      throw new IllegalArgumentException("A retention is positive");
    }
  }

  /**
   * Reads the form of the setting, such as {@code 30d} or {@code forever}.
   *
   * @throws IllegalArgumentException if the text has another form
   */
  public static Retention parse(String text) {
    return Syntax.RETENTION.read().apply(text);
  }

  /** The form of the setting. */
  public String text() {
    return Syntax.RETENTION.show().apply(this);
  }

  @Override
  public int compareTo(Retention other) {
    return Comparator.nullsLast(Comparator.<Duration>naturalOrder()).compare(span, other.span);
  }
}
