package dev.fanfare.bench;

import dev.fanfare.server.batch.http.BatchReader;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.trigger.http.ItemReader;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Parsing the body of a batch of 1,000 items with payloads of about 100 bytes. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class BatchReaderBenchmark {

  private final byte[] plain = body("}");
  private final byte[] tagged =
      body(",\"options\":{\"tags\":[\"user:1\"],\"queue\":{\"name\":\"mail\"}}}");

  private static byte[] body(String end) {
    return Tasks.texts(1_000).stream()
        .map(payload -> "{\"payload\":" + payload + end)
        .collect(Collectors.joining(",", "{\"items\":[", "]}"))
        .getBytes(StandardCharsets.UTF_8);
  }

  /** Items with only a payload. */
  @Benchmark
  public List<NewRun> plain() {
    return read(plain);
  }

  /** Items with tags and a queue. */
  @Benchmark
  public List<NewRun> withOptions() {
    return read(tagged);
  }

  private static List<NewRun> read(byte[] body) {
    ItemReader items = new ItemReader(ServerConfig.defaults(), Instant.EPOCH);
    return new BatchReader(items, 1_000, "nothing", bytes -> {})
        .read(new ByteArrayInputStream(body));
  }
}
