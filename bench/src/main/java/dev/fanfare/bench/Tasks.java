package dev.fanfare.bench;

import dev.fanfare.sdk.Task;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** What the worker of the benchmarks can do: nothing, and telling the time. */
final class Tasks {
  /** A payload of about 100 bytes, as JSON. */
  record Item(int number, String text) {}

  /** When a trigger was called, in microseconds of the wall clock. */
  record Sent(long micros) {}

  /** Does nothing. */
  static final Task<Item, Void> NOTHING =
      Task.define("nothing", Item.class, Void.class).handler((item, run) -> null);

  /**
   * Returns how many microseconds ago it was triggered. Two processes of one machine share its wall
   * clock, and nothing between the trigger and this line is left out: HTTP, the commit, the claim,
   * the way to the worker, decoding the payload. The server's own times would leave out the HTTP.
   */
  static final Task<Sent, Long> SINCE =
      Task.define("since", Sent.class, Long.class)
          .handler((sent, run) -> nowMicros() - sent.micros());

  private static final String TEXT = "x".repeat(72);

  private Tasks() {}

  /** The wall clock in microseconds. */
  static long nowMicros() {
    return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
  }

  /** Payloads as a caller of the SDK has them. */
  static List<Item> items(int count) {
    List<Item> items = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      items.add(new Item(100_000 + i, TEXT));
    }
    return items;
  }

  /** The same payloads as the JSON that is stored. */
  static List<String> texts(int count) {
    List<String> texts = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      texts.add("{\"number\":" + (100_000 + i) + ",\"text\":\"" + TEXT + "\"}");
    }
    return texts;
  }
}
