package dev.fanfare.sdk;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.sdk.internal.Spans;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which runs to list: those that match every condition. A condition that is set twice has its last
 * value. Immutable.
 */
public final class RunFilter {
  private static final String PAGE_SIZE = "page[size]";
  private static final int PAGE_SIZE_MAX = 100;

  private final Map<String, String> parameters;

  private RunFilter(Map<String, String> parameters) {
    this.parameters = parameters;
  }

  /** Every run of the environment; the start of a chain. */
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

  /** Runs of any of these queues; a task's own queue is named {@code task/<id>}. */
  public RunFilter queue(String... names) {
    return with("filter[queue]", String.join(",", names));
  }

  /** Runs with any of these versions of the workers' code, see {@link Run#version()}. */
  public RunFilter version(String... versions) {
    return with("filter[version]", String.join(",", versions));
  }

  /** Only test runs, or only other runs. */
  public RunFilter test(boolean test) {
    return with("filter[isTest]", String.valueOf(test));
  }

  /** Runs triggered at this time or later. */
  public RunFilter from(Instant time) {
    return with("filter[createdAt][from]", millis(time));
  }

  /** Runs triggered at this time or earlier. */
  public RunFilter to(Instant time) {
    return with("filter[createdAt][to]", millis(time));
  }

  /** Runs triggered within this time before now, in whole seconds, from 1 s to 36,500 days. */
  public RunFilter period(Duration period) {
    Duration checked = Spans.between("period", Duration.ofSeconds(1), period);
    return with("filter[createdAt][period]", checked.toSeconds() + "s");
  }

  private static String millis(Instant time) {
    return String.valueOf(Spans.time("time", time).toEpochMilli());
  }

  /**
   * How many runs are read in one round trip, 1 to 100. Default 100.
   *
   * @throws IllegalArgumentException when it is out of these bounds
   */
  public RunFilter pageSize(int runs) {
    if (runs < 1 || runs > PAGE_SIZE_MAX) {
      throw new IllegalArgumentException(
          "pageSize must be from 1 to " + PAGE_SIZE_MAX + ", not " + runs);
    }
    return with(PAGE_SIZE, String.valueOf(runs));
  }

  private RunFilter with(String name, String value) {
    Map<String, String> more = new LinkedHashMap<>(parameters);
    more.put(name, value);
    return new RunFilter(more);
  }

  Map<String, String> parameters(@Nullable String after) {
    Map<String, String> all = new LinkedHashMap<>(parameters);
    all.putIfAbsent(PAGE_SIZE, String.valueOf(PAGE_SIZE_MAX));
    if (after != null) {
      all.put("page[after]", after);
    }
    return all;
  }
}
