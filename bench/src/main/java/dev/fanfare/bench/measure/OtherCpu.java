package dev.fanfare.bench.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * The CPU time that other processes took: all of the machine's, less that of this process and its
 * descendants. A figure that was measured beside a busy process says little.
 */
public final class OtherCpu {
  /** From this share of the machine on, a measurement is called polluted. */
  public static final double POLLUTED = 0.15;

  private static final Path PROC = Path.of("/proc");

  private final Ticks begun;

  private OtherCpu(Ticks begun) {
    this.begun = begun;
  }

  /** Begins to watch. */
  public static OtherCpu watch() {
    return new OtherCpu(Ticks.now());
  }

  /**
   * The share of the machine that other processes took since the watch began: 1 is all cores.
   * Includes the kernel's own work and what a hypervisor took away. NaN: unknown, not Linux.
   */
  public double share() {
    Ticks now = Ticks.now();
    double others = (now.busy - begun.busy) - (now.own - begun.own);
    return Math.max(0, others) / (now.total - begun.total);
  }

  /** Counts since the machine's start, in the kernel's unit of CPU time; NaN: unknown. */
  private record Ticks(double total, double busy, double own) {
    private static final int IDLE = 3;
    private static final int IO_WAIT = 4;

    /** Guest time, which follows, is part of user time. */
    private static final int COUNTED = 8;

    static Ticks now() {
      try (Stream<String> lines = Files.lines(PROC.resolve("stat"))) {
        double[] kinds =
            Arrays.stream(lines.findFirst().orElse("").split(" +", -1))
                .skip(1)
                .limit(COUNTED)
                .mapToDouble(Double::parseDouble)
                .toArray();
        double total = Arrays.stream(kinds).sum();
        return new Ticks(
            total,
            total - kinds[IDLE] - kinds[IO_WAIT],
            ProcessUsage.ticks(ProcessHandle.current()));
      } catch (IOException e) {
        return new Ticks(Double.NaN, Double.NaN, Double.NaN);
      }
    }
  }
}
