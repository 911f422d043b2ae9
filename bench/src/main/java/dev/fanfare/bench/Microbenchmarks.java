package dev.fanfare.bench;

import dev.fanfare.bench.Report.Microbenchmark;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs the JMH microbenchmarks. */
final class Microbenchmarks {
  /** JMH reads fields through Unsafe, which JDK 25 warns about. */
  private static final String ALLOW_UNSAFE = "--sun-misc-unsafe-memory-access=allow";

  private Microbenchmarks() {}

  static List<Microbenchmark> run(BenchOptions options, Progress progress) throws RunnerException {
    progress.say("micro: running JMH");
    Options jmh =
        new OptionsBuilder()
            .include("dev\\.fanfare\\..*Benchmark.*")
            .forks(1)
            .warmupIterations(options.size(3, 1))
            .measurementIterations(options.size(5, 1))
            .warmupTime(TimeValue.milliseconds(options.size(1_000, 100)))
            .measurementTime(TimeValue.milliseconds(options.size(1_000, 100)))
            .verbosity(VerboseMode.SILENT)
            .jvmArgsAppend(ALLOW_UNSAFE)
            .shouldFailOnError(true)
            .build();
    List<Microbenchmark> found = new ArrayList<>();
    for (RunResult result : new Runner(jmh).run()) {
      Result<?> score = result.getPrimaryResult();
      String name = result.getParams().getBenchmark();
      found.add(
          new Microbenchmark(
              name.substring(name.lastIndexOf('.', name.lastIndexOf('.') - 1) + 1),
              score.getScore(),
              Double.isNaN(score.getScoreError()) ? 0 : score.getScoreError(),
              score.getScoreUnit()));
    }
    return found;
  }
}
