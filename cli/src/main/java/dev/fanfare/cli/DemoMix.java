package dev.fanfare.cli;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The items of the demo batch: emails, chat messages, echoes, and some that fail once. */
final class DemoMix {
  /** One run to trigger. */
  record Item(String task, Map<String, Object> payload) {}

  private DemoMix() {}

  /** The first {@code count} items of the mix, which is always the same. */
  static List<Item> items(int count) {
    return IntStream.range(0, count).mapToObj(DemoMix::item).toList();
  }

  private static Item item(int i) {
    return switch (i % 10) {
      case 0, 1, 2, 3 ->
          new Item(
              "send-email",
              Map.of("to", "user%s@example.com".formatted(i), "subject", "Welcome, user " + i));
      case 4, 5, 6 ->
          new Item(
              "send-slack",
              Map.of("channel", "#general", "message", "User %s has joined".formatted(i)));
      case 7, 8 -> new Item("echo", Map.of("number", i));
      default -> new Item("flaky", Map.of("failures", 1));
    };
  }
}
