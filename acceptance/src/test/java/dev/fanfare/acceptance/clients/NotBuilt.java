package dev.fanfare.acceptance.clients;

import java.util.List;
import java.util.Optional;

/**
 * What the server does not do yet, by function. A function that is named here may fail with the
 * versions that are named with it; when it works with one of them the test fails, so that the entry
 * is taken out.
 */
final class NotBuilt {
  private static final List<Entry> ENTRIES = List.of();

  private NotBuilt() {}

  private record Entry(String function, List<String> versions, String why) {}

  /** Why it does not work yet; empty when it must work. */
  static Optional<String> why(String function, String version) {
    return ENTRIES.stream()
        .filter(entry -> entry.function.equals(function) && entry.versions.contains(version))
        .map(Entry::why)
        .findFirst();
  }
}
