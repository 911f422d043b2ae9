package dev.fanfare.bench;

import dev.fanfare.sdk.Task;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** The tasks of the benchmark worker: a no-op, and one that measures its latency. */
final class Tasks {
  /** A payload of about 100 bytes, as JSON. */
  record Item(int number, String text) {}

  /** The wall-clock time at which a trigger was called, in microseconds. */
  record Sent(long micros) {}

  /** Does nothing. */
  static final Task<Item, Void> NOTHING =
      Task.define("nothing", Item.class, Void.class).handler((item, run) -> null);

  /**
   * Returns how many microseconds ago it was triggered. Both processes share the machine's wall
   * clock, so the figure includes everything from the trigger to this line: HTTP, the commit, the
   * claim, the transfer to the worker, and decoding the payload. The server's own timestamps would
   * exclude HTTP.
   */
  static final Task<Sent, Long> SINCE =
      Task.define("since", Sent.class, Long.class)
          .handler((sent, run) -> nowMicros() - sent.micros());

  static final List<Task<?, ?>> ALL = List.of(NOTHING, SINCE);

  private static final String TEXT = "x".repeat(72);

  private Tasks() {}

  /** The wall clock in microseconds. */
  static long nowMicros() {
    return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
  }

  /** Payloads as SDK callers pass them. */
  static List<Item> items(int count) {
    List<Item> items = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      items.add(item(i));
    }
    return items;
  }

  /** One of these payloads. */
  static Item item(int i) {
    return new Item(100_000 + i, TEXT);
  }

  /** The same payloads as stored JSON. */
  static List<String> texts(int count) {
    List<String> texts = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      texts.add(text(i));
    }
    return texts;
  }

  /** One of these payloads as stored JSON. */
  static String text(int i) {
    return "{\"number\":" + (100_000 + i) + ",\"text\":\"" + TEXT + "\"}";
  }
}
