package dev.fanfare.bench;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.TimeOrderedIds;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Ids: generated and formatted once per run, and parsed once per report. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PublicIdBenchmark {
  private final TimeOrderedIds ids = new TimeOrderedIds(InstantSource.system());
  private final UUID id = ids.next();
  private final String text = PublicId.format(PublicId.RUN, id);

  /** Generates an id. */
  @Benchmark
  public UUID make() {
    return ids.next();
  }

  /** Formats an id. */
  @Benchmark
  public String format() {
    return PublicId.format(PublicId.RUN, id);
  }

  /** Parses an id. */
  @Benchmark
  public @Nullable UUID parse() {
    return PublicId.parse(PublicId.RUN, text);
  }
}
