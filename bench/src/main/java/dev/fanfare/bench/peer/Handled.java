package dev.fanfare.bench.peer;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the handlers of this process did since the worker's start. Static, because some libraries
 * create handlers themselves.
 */
final class Handled {
  private static final long AWAIT_NANOS_MAX = TimeUnit.MINUTES.toNanos(3);

  private static final AtomicInteger count = new AtomicInteger();
  private static final Collection<Long> latencies = new ConcurrentLinkedQueue<>();

  private Handled() {}

  /** The wall clock, which all processes of the machine share. */
  static long nowMicros() {
    return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
  }

  /** A handler ran. */
  static void one() {
    count.incrementAndGet();
  }

  /** A handler ran, whose job was triggered at this time. */
  static void since(long micros) {
    latencies.add((nowMicros() - micros) * 1_000);
    one();
  }

  static void clear() {
    count.set(0);
    latencies.clear();
  }

  static void await(int handled) throws InterruptedException, TimeoutException {
    long begun = System.nanoTime();
    while (count.get() < handled) {
      if (System.nanoTime() - begun > AWAIT_NANOS_MAX) {
        throw new TimeoutException("Only %s of %s jobs were handled".formatted(count, handled));
      }
      Thread.sleep(1);
    }
  }

  /** The latencies in nanoseconds. */
  static List<Long> latencies() {
    return List.copyOf(latencies);
  }
}
