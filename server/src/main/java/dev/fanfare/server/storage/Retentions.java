package dev.fanfare.server.storage;

import dev.fanfare.server.access.RetentionStore.EnvironmentRetention;
import dev.fanfare.server.config.Retention;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How long the runs of each environment are kept.
 *
 * @param ofServers for environments without a retention of their own
 */
record Retentions(Retention ofServers, List<EnvironmentRetention> environments) {

  /** The longest, after which a partition contains nothing that is kept; absent: forever. */
  @Nullable Duration longest() {
    return environments.stream()
        .map(this::of)
        .max(Comparator.naturalOrder())
        .orElse(ofServers)
        .span();
  }

  private Retention of(EnvironmentRetention environment) {
    return environment.own() == null ? ofServers : environment.own();
  }

  /**
   * The retention of an environment whose runs go before the partitions that they share with
   * others; absent: they go with their partitions, or never.
   */
  @Nullable Duration shorter(int environmentId) {
    Duration longest = longest();
    for (EnvironmentRetention environment : environments) {
      Duration span = of(environment).span();
      if (environment.environmentId() == environmentId
          && span != null
          && (longest == null || span.compareTo(longest) < 0)) {
        return span;
      }
    }
    return null;
  }
}
