package dev.fanfare.server.lease;

import dev.fanfare.server.queue.ReadyStore.ClaimableLane;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * Sharing 500 slots among the 64 lanes of a round. It is in the package of the measured code, which
 * is not public.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class QuotasBenchmark {
  private final List<ClaimableLane> lanes =
      IntStream.range(0, 64)
          .mapToObj(i ->
              new ClaimableLane(
                  i, 1, 0, "echo", "task/echo", 3, null, 1 + i * i, List.of(1 + i * i), null))
          .toList();

  /** Shares the slots. */
  @Benchmark
  public int[] share() {
    return Quotas.share(lanes, 500);
  }
}
