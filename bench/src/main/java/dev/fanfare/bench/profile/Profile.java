package dev.fanfare.bench.profile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Draws flame graphs of the processes of a benchmark, and prints which parts of the code their CPU
 * time went to.
 */
public final class Profile {
  private static final Path FOLDER = Path.of("target", "profile").toAbsolutePath();
  private static final String RECORDING = ".jfr";

  private Profile() {}

  /** The flag with which a JVM records itself until it ends, as {@code process}. */
  public static String flag(String process) {
    // A started process may be replaced by another one of its kind.
    return "-XX:StartFlightRecording=settings=profile,jdk.CPUTimeSample#enabled=true,filename="
        + FOLDER.resolve(process + "-%p" + RECORDING);
  }

  /** Removes the recordings of an earlier run. */
  public static void begin() throws IOException {
    Files.createDirectories(FOLDER);
    for (Path recording : recordings()) {
      Files.delete(recording);
    }
  }

  /** Draws a flame graph beside each recording. */
  public static void draw() throws IOException {
    for (Path recording : recordings()) {
      draw(recording);
    }
  }

  private static List<Path> recordings() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files.filter(file -> file.toString().endsWith(RECORDING)).sorted().toList();
    }
  }

  private static void draw(Path recording) throws IOException {
    Samples samples = Samples.read(recording);
    String process = recording.getFileName().toString().replaceAll("-[0-9]+.jfr", "");
    Path picture = FOLDER.resolve(process + ".svg");
    Files.writeString(picture, new FlameGraph(samples.root()).svg(process));
    System.out.printf(
        Locale.ROOT, "%n%s: %,d samples of CPU time, %s%n", process, samples.count(), picture);
    samples
        .areas()
        .forEach((area, count) ->
            System.out.printf(
                Locale.ROOT, "%6.1f %%  %s%n", 100.0 * count / samples.count(), area.title()));
  }
}
