package dev.fanfare.bench.peer;

import dev.fanfare.bench.measure.Callers;
import dev.fanfare.bench.measure.Timings;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves the lines of {@link PeerProcess} in a child process, until standard input closes. */
final class QueueLines {
  private static final Logger log = LoggerFactory.getLogger(QueueLines.class);

  private QueueLines() {}

  /**
   * Serves a queue, and ends the process: the libraries leave threads behind.
   *
   * @param library a class of the peer's library, whose jar names its version
   */
  static void serve(JvmQueue queue, Class<?> library) {
    try {
      serveLines(queue, library);
      System.exit(0);
    } catch (Exception e) {
      log.error("Serving {} failed", library.getSimpleName(), e);
      System.exit(1);
    }
  }

  private static void serveLines(JvmQueue queue, Class<?> library) throws Exception {
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    System.out.println("up " + version(library));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      System.out.println(answer(queue, line.split(" ", -1)));
    }
    queue.stop();
  }

  private static String answer(JvmQueue queue, String[] words) throws Exception {
    return switch (words[0]) {
      case "store" -> "stored " + store(queue, words);
      case "trigger" -> {
        for (int i = 0; i < number(words[1]); i++) {
          queue.trigger(Handled.nowMicros());
          Thread.sleep(number(words[2]));
        }
        yield "triggered";
      }
      case "start" -> {
        Handled.clear();
        queue.start(number(words[1]));
        yield "started";
      }
      case "handled" -> {
        Handled.await(number(words[1]));
        yield "handled";
      }
      case "latencies" -> "latencies " + joined(Handled.latencies());
      case "stop" -> {
        queue.stop();
        yield "stopped";
      }
      default -> throw new IllegalArgumentException("Unknown command " + words[0]);
    };
  }

  private static String store(JvmQueue queue, String[] words) throws Exception {
    List<Payload> batch = Payload.batch(number(words[3]));
    Timings timings = Callers.run(number(words[1]), number(words[2]), caller -> queue.store(batch));
    List<Long> nanos = Arrays.stream(timings.nanos()).boxed().toList();
    return timings.elapsedNanos() + " " + joined(nanos);
  }

  private static int number(String word) {
    return Integer.parseInt(word);
  }

  private static String joined(List<Long> numbers) {
    return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  /** The version in the name of the library's jar. */
  private static String version(Class<?> library) throws Exception {
    Path jar = Path.of(library.getProtectionDomain().getCodeSource().getLocation().toURI());
    return String.valueOf(jar.getFileName()).replaceAll("^\\D*-|[.]jar$", "");
  }
}
