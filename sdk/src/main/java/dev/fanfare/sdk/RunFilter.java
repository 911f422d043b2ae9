package dev.fanfare.sdk;

import dev.fanfare.protocol.RunStatus;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Which runs to list: those that pass every condition. Immutable: each method returns another one.
 */
public final class RunFilter {
  private final Map<String, String> parameters;

  private RunFilter(Map<String, String> parameters) {
    this.parameters = parameters;
  }

  /** Every run of the environment. */
  public static RunFilter all() {
    return new RunFilter(Map.of());
  }

  /** Runs in any of these states. */
  public RunFilter status(RunStatus... statuses) {
    return with(
        "filter[status]",
        Arrays.stream(statuses).map(RunStatus::name).collect(Collectors.joining(",")));
  }

  /** Runs of any of these tasks. */
  public RunFilter task(String... taskIds) {
    return with("filter[taskIdentifier]", String.join(",", taskIds));
  }

  /** Runs with any of these tags. */
  public RunFilter tag(String... tags) {
    return with("filter[tag]", String.join(",", tags));
  }

  /** Runs of a batch. */
  public RunFilter batch(String batchId) {
    return with("filter[batch]", batchId);
  }

  /** Runs triggered within this time before now, in whole seconds. */
  public RunFilter period(Duration period) {
    return with("filter[createdAt][period]", period.toSeconds() + "s");
  }

  private RunFilter with(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(parameters);
    more.put(name, value);
    return new RunFilter(more);
  }

  String query(Map<String, String> paging) {
    Map<String, String> all = new LinkedHashMap<>(parameters);
    all.putAll(paging);
    return all.entrySet().stream()
        .map(e -> encode(e.getKey()) + "=" + encode(e.getValue()))
        .collect(Collectors.joining("&"));
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
