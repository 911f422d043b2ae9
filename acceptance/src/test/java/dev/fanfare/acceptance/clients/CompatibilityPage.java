package dev.fanfare.acceptance.clients;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Generates {@code docs/compatibility.md}, a table of functions by SDK version. */
final class CompatibilityPage {
  private static final String HEAD =
      """
      # Compatibility with the TypeScript SDK

      Which functions of the published npm package `@trigger.dev/sdk` work against this server, with nothing changed but
      `TRIGGER_API_URL` and `TRIGGER_SECRET_KEY`. Written by the test that calls them, `TypeScriptClientsTest`, which fails
      when this page and what came out differ; its checks are in `acceptance/src/test/npm/checks`.

      *yes*: every check of the function passes. *not offered*: this version of the SDK does not have it, or not in a way
      that works: 4.3.3 announces a batch without its tasks, so a token for one task is refused. What is not in the table has
      nothing on the server yet: `schedules`, `queues`, `envvars`, `wait`, `deployments`, `query`, bulk actions, and what
      subscribes to runs or streams. Calls of it are answered with 404.

      """;

  private CompatibilityPage() {}

  static String of(List<String> versions, List<Outcome> outcomes) {
    Map<String, Map<String, Outcome>> functions = new LinkedHashMap<>();
    for (Outcome outcome : outcomes) {
      functions
          .computeIfAbsent(outcome.function(), name -> new TreeMap<>())
          .put(outcome.version(), outcome);
    }
    StringBuilder page = new StringBuilder(HEAD);
    page.append("| Function | ").append(String.join(" | ", versions)).append(" |\n");
    page.append("|---".repeat(versions.size() + 1)).append("|\n");
    Map<String, Set<String>> reasons = new LinkedHashMap<>();
    functions.forEach((function, byVersion) -> {
      String cells =
          versions.stream()
              .map(version -> cell(byVersion.get(version), reasons))
              .collect(Collectors.joining(" | "));
      page.append("| `%s` | %s |\n".formatted(function, cells));
    });
    if (!reasons.isEmpty()) {
      page.append("\n## Not yet\n\n");
      reasons.forEach(
          (why, of) -> page.append("- ").append(why).append(": `%s`\n".formatted(join(of))));
    }
    return page.toString();
  }

  private static String join(Set<String> functions) {
    return String.join("`, `", functions);
  }

  private static String cell(Outcome outcome, Map<String, Set<String>> reasons) {
    if (outcome == null) {
      throw new AssertionError("A function was checked with some versions only");
    }
    return switch (outcome.result()) {
      case WORKS -> "yes";
      case NOT_OFFERED -> "not offered";
      case FAILS -> {
        String why =
            NotBuilt.why(outcome.function(), outcome.version()).orElse("it fails, see the test");
        reasons.computeIfAbsent(why, absent -> new LinkedHashSet<>()).add(outcome.function());
        yield "not yet";
      }
    };
  }
}
