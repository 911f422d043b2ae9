package dev.fanfare.server.component;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs the failures of all sweeps: an outage of the database once, with its end, and any other
 * failure of a sweep when it is new and then once a minute. Sweeps run again every second, and
 * would fill the log. Thread-safe.
 */
final class SweepFailures {
  private static final Logger log = LoggerFactory.getLogger(SweepLoop.class);
  private static final long REPEAT_NANOS = Duration.ofMinutes(1).toNanos();

  private static final int CAUSES_MAX = 20;

  private final LongSupplier nanos;
  private final Set<Sweep> cutOff = new HashSet<>(); // guarded by this
  private final Map<Sweep, Logged> logged = new HashMap<>(); // guarded by this

  private record Logged(String failure, long atNanos) {}

  SweepFailures() {
    this(System::nanoTime);
  }

  SweepFailures(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /**
   * Notes that a sweep failed.
   *
   * @param unavailable whether it failed because the database cannot be reached
   */
  synchronized void failed(Sweep sweep, Throwable failure, boolean unavailable) {
    if (unavailable) {
      if (cutOff.isEmpty()) {
        log.warn("The database is away; the sweeps try again: {}", reason(failure));
      }
      cutOff.add(sweep);
      return;
    }
    succeeded(sweep); // in reaching the database
    String text = failure.toString();
    Logged before = logged.get(sweep);
    long now = nanos.getAsLong();
    if (before == null
        || !before.failure().equals(text)
        || now - before.atNanos() >= REPEAT_NANOS) {
      logged.put(sweep, new Logged(text, now));
      log.warn("{} failed and will run again: {}", sweep.getClass().getSimpleName(), text);
    }
  }

  /** The message, and that of the first cause: a pool only says that it has no connection. */
  private static String reason(Throwable failure) {
    Throwable first = failure;
    for (int depth = 0; first.getCause() != null && depth < CAUSES_MAX; depth++) {
      first = first.getCause();
    }
    String message = String.valueOf(failure.getMessage());
    String cause = String.valueOf(first.getMessage());
    return message.contains(cause) ? message : message + ": " + cause;
  }

  /** Notes that a step of a sweep succeeded. */
  synchronized void succeeded(Sweep sweep) {
    if (cutOff.remove(sweep) && cutOff.isEmpty()) {
      log.info("The database is back; the sweeps continue");
    }
  }
}
