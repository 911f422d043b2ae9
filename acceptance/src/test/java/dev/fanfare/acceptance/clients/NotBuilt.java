package dev.fanfare.acceptance.clients;

import java.util.List;
import java.util.Optional;

/**
 * What the server does not do yet. A function that is named here may fail with the versions that
 * are named with it; when it works with one of them the test fails, so that it is taken out.
 */
final class NotBuilt {
  private static final String TWO_PHASES = "4.3.3 4.5.16 4.8.3";

  private static final List<Gap> GAPS =
      List.of(
          new Gap(
              "`debounce` does not act",
              TWO_PHASES,
              List.of(
                  "option debounce",
                  "option debounce, trailing",
                  "option debounce of a batch's item")));

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
