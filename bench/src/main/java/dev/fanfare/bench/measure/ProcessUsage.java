package dev.fanfare.bench.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/** The CPU time and the memory of processes, as Linux reports them. */
public final class ProcessUsage {
  private static final Path PROC = Path.of("/proc");

  /** The kernel's unit of CPU time in what it reports to programs. */
  private static final double TICKS_PER_SECOND = 100;

  /** The first field of {@code stat} behind the process's name is its third. */
  private static final int FIRST_FIELD = 3;

  private static final int USER_TIME_FIELD = 14;
  private static final int TIME_FIELDS = 4;

  private ProcessUsage() {}

  /**
   * The CPU seconds that a process and its descendants have used, with those of descendants that
   * have ended; NaN: unknown, not Linux.
   */
  public static double seconds(ProcessHandle process) {
    return ticks(process) / TICKS_PER_SECOND;
  }

  /** The memory that a process occupies, in bytes; NaN: unknown, not Linux. */
  public static double residentBytes(ProcessHandle process) {
    try (Stream<String> lines = Files.lines(folder(process).resolve("status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToDouble(line -> 1_024 * Double.parseDouble(line.replaceAll("\\D", "")))
          .findFirst()
          .orElse(Double.NaN);
    } catch (IOException e) {
      return Double.NaN;
    }
  }

  static double ticks(ProcessHandle process) {
    if (!Files.isDirectory(folder(process))) {
      return Double.NaN;
    }
    return Stream.concat(Stream.of(process), process.descendants())
        .mapToDouble(ProcessUsage::used)
        .sum();
  }

  /** What a process used, with those of its children that have ended; 0 if it has ended, too. */
  private static double used(ProcessHandle process) {
    try {
      String text = Files.readString(folder(process).resolve("stat"));
      // The name, in parentheses, may contain spaces.
      String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", -1);
      return Arrays.stream(fields)
          .skip(USER_TIME_FIELD - FIRST_FIELD)
          .limit(TIME_FIELDS)
          .mapToDouble(Double::parseDouble)
          .sum();
    } catch (IOException e) {
      return 0;
    }
  }

  private static Path folder(ProcessHandle process) {
    return PROC.resolve(Long.toString(process.pid()));
  }
}
