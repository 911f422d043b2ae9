package dev.fanfare.acceptance.clients;

import java.util.List;
import java.util.Optional;

/**
 * What the server does not do yet. A function that is named here may fail with the versions that
 * are named with it; when it works with one of them the test fails, so that it is taken out.
 */
final class NotBuilt {
  private static final List<Gap> GAPS = List.of();

  private NotBuilt() {}

  private record Gap(String why, String versions, List<String> functions) {
    boolean covers(String function, String version) {
      return functions.contains(function) && List.of(versions.split(" ")).contains(version);
    }
  }

  /** Why it does not work yet; empty when it must work. */
  static Optional<String> why(String function, String version) {
    return GAPS.stream().filter(gap -> gap.covers(function, version)).map(Gap::why).findFirst();
  }
}
