package dev.fanfare.server.component;

import dev.fanfare.server.db.Passenger;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Asks for all sweeps in one statement where and when they are due. It asks in ticks, for a sweep
 * in every so many of them, so that there are few different statements. For use by one thread.
 */
final class Agenda implements Passenger {
  private static final Duration TICK_MAX = Duration.ofSeconds(1);

  private final List<SweepRunner> runners;
  private final long tickNanos;
  private final Map<Set<Integer>, String> texts = new HashMap<>();
  private long ticks;
  private long nextNanos;

  Agenda(List<SweepRunner> runners) {
    this.runners = runners;
    this.tickNanos =
        runners.stream()
            .mapToLong(runner -> runner.interval().toNanos())
            .reduce(TICK_MAX.toNanos(), Math::min);
    this.nextNanos = System.nanoTime() + tickNanos; // at first, each sweep asks by itself
  }

  @Override
  public long nanosUntilNext() {
    return nextNanos - System.nanoTime();
  }

  @Override
  public @Nullable Question next() {
    if (nanosUntilNext() > 0) {
      return null;
    }
    nextNanos = System.nanoTime() + tickNanos;
    ticks++;
    SortedMap<Integer, DueQuery> queries = new TreeMap<>();
    for (int i = 0; i < runners.size(); i++) {
      long every = Math.round((double) runners.get(i).interval().toNanos() / tickNanos);
      if (ticks % Math.max(1, every) == 0) {
        queries.put(i, runners.get(i).query());
      }
    }
    return queries.isEmpty()
        ? null
        : new DueQueries.Union(
            texts.computeIfAbsent(Set.copyOf(queries.keySet()), asked -> DueQueries.union(queries)),
            queries,
            new HashMap<>(),
            (sweep, answer, askedNanos) -> runners.get(sweep).answered(answer, askedNanos));
  }
}
