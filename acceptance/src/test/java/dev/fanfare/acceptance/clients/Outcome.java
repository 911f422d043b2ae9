package dev.fanfare.acceptance.clients;

import dev.fanfare.acceptance.clients.NodeSdks.Check;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The result of all checks of a function with one SDK version. */
record Outcome(String version, String function, List<Check> checks) {

  enum Result {
    WORKS,
    NOT_OFFERED,
    FAILS
  }

  /** Groups checks by function, in the order in which they are defined. */
  static List<Outcome> of(String version, List<Check> checks) {
    Map<String, List<Check>> functions = new LinkedHashMap<>();
    checks.stream()
        .sorted(Comparator.comparingInt(Check::order))
        .forEach(check ->
            functions.computeIfAbsent(check.function(), name -> new ArrayList<>()).add(check));
    return functions.entrySet().stream()
        .map(entry -> new Outcome(version, entry.getKey(), entry.getValue()))
        .toList();
  }

  Result result() {
    if (checks.stream().anyMatch(check -> check.result().equals("fail"))) {
      return Result.FAILS;
    }
    return checks.stream().anyMatch(check -> check.result().equals("pass"))
        ? Result.WORKS
        : Result.NOT_OFFERED;
  }

  /** Describes the failed checks, with their requests and responses. */
  String story() {
    StringBuilder story = new StringBuilder();
    for (Check check : checks) {
      if (check.result().equals("fail")) {
        story.append(
            "%n%s %s (SDK %s): %s%n".formatted(function, check.check(), version, check.reason()));
        check.requests().forEach(request -> story.append("    ").append(request).append('\n'));
      }
    }
    return story.toString();
  }
}
