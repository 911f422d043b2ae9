package dev.fanfare.protocol;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Generates UUIDs of version 7 (RFC 9562): 48 bits of Unix milliseconds, then a counter, then
 * random bits. The ids of one generator strictly increase, even within a millisecond and when the
 * clock steps back, so the runs of a batch sort in the order of its items. Thread-safe.
 */
public final class TimeOrderedIds {
  private static final int COUNTER_BITS = 12;

  private final InstantSource clock;
  private final SecureRandom random = new SecureRandom();
  private long last; // guarded by this; milliseconds and counter in one number

  /** Creates a generator that takes the time from {@code clock}. */
  public TimeOrderedIds(InstantSource clock) {
    this.clock = clock;
  }

  /** Returns the next id, greater than every id this generator has returned. */
  public UUID next() {
    return range(1).getFirst();
  }

  /**
   * Returns the next ids, each greater by one than the one before. They have the same time and
   * counter, so no other id is between them: not of this generator, and of another only if its
   * random bits fall among theirs.
   */
  public List<UUID> range(int count) {
    UUID first = first();
    List<UUID> ids = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      ids.add(after(first, i));
    }
    return ids;
  }

  /** The id that is greater than another one by {@code n}: the last of a range of n + 1 ids. */
  public static UUID after(UUID id, int n) {
    return new UUID(id.getMostSignificantBits(), id.getLeastSignificantBits() + n);
  }

  /** How many ids a range has after its first one, up to its last one. */
  public static int between(UUID first, UUID last) {
    return Math.toIntExact(last.getLeastSignificantBits() - first.getLeastSignificantBits());
  }

  private synchronized UUID first() {
    long now = clock.millis() << COUNTER_BITS;
    last = Math.max(last + 1, now);
    long high = (last >>> COUNTER_BITS << 16) | 0x7000L | (last & 0xFFF);
    // One random bit is left out, so that a range cannot change the bits before the random ones.
    long low = (random.nextLong() & 0x1FFFFFFFFFFFFFFFL) | 0x8000000000000000L;
    return new UUID(high, low);
  }
}
