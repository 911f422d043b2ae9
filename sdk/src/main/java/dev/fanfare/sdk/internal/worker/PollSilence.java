package dev.fanfare.sdk.internal.worker;

import dev.fanfare.sdk.internal.Transport;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Notices that the connection of a poll is dead. While a poll waits, the server sends a blank about
 * every second, so a long silence means that no response will arrive.
 *
 * <p>A proxy may hold the blanks back until the response is complete. So silence means something
 * only after blanks have arrived one by one, and no longer after some polls in a row that were
 * silent. Otherwise the time limit of the whole poll applies. Safe for use by many threads.
 */
final class PollSilence implements Transport.Listener {
  /** Blanks that are closer to each other may have been held back. */
  private static final long APART_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

  private static final int SILENT_POLLS_MAX = 3;

  private final LongSupplier nanoTime;
  private long maxNanos; // all guarded by this
  private long heardNanos;
  private boolean begun; // whether a piece of this response has arrived
  private boolean blanksArrive;
  private int silentPolls;

  PollSilence(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Begins a poll, which may be silent for {@code max}. */
  synchronized void begin(Duration max) {
    maxNanos = max.toNanos();
    heardNanos = nanoTime.getAsLong();
    begun = false;
  }

  @Override
  public synchronized void heard() {
    long now = nanoTime.getAsLong();
    if (begun && now - heardNanos >= APART_NANOS) {
      blanksArrive = true;
      silentPolls = 0;
    }
    begun = true;
    heardNanos = now;
  }

  /** Notes that the poll timed out. */
  synchronized void timedOut() {
    silentPolls++;
    if (silentPolls == SILENT_POLLS_MAX) {
      blanksArrive = false;
    }
  }

  @Override
  public synchronized long silenceLeftNanos() {
    return blanksArrive ? maxNanos - (nanoTime.getAsLong() - heardNanos) : Long.MAX_VALUE;
  }
}
