package dev.fanfare.bench.peer;

import java.util.List;
import java.util.stream.IntStream;

/** The payload of a job, about 100 bytes as JSON: the same as that of Fanfare's runs. */
record Payload(int number, String text) {
  private static final String TEXT = "x".repeat(72);

  static List<Payload> batch(int size) {
    return IntStream.range(0, size).mapToObj(i -> new Payload(100_000 + i, TEXT)).toList();
  }

  String json() {
    return "{\"number\":" + number + ",\"text\":\"" + text + "\"}";
  }
}
