package dev.fanfare.bench;

import java.util.List;

/** One kind of work: measures ours and, beside it, the limit. */
interface Work {
  /** What {@code --only} calls it. */
  String name();

  /** Measures. The worker rests before and after. */
  List<Row> measure(Stage stage, BenchOptions options, Progress progress) throws Exception;
}
