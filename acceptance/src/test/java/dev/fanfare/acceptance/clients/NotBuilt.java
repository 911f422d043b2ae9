package dev.fanfare.acceptance.clients;

import java.util.List;
import java.util.Optional;

/**
 * The functions that the server does not support yet. A function listed here may fail with the
 * listed versions. If it works with one of them, the test fails, so that the entry is removed.
 */
final class NotBuilt {
  private static final List<Gap> GAPS = List.of();

  private NotBuilt() {}

  private record Gap(String why, String versions, List<String> functions) {
    boolean covers(String function, String version) {
      return functions.contains(function) && List.of(versions.split(" ")).contains(version);
    }
  }

  /** Why the function does not work yet; empty if it must work. */
  static Optional<String> why(String function, String version) {
    return GAPS.stream().filter(gap -> gap.covers(function, version)).map(Gap::why).findFirst();
  }
}
