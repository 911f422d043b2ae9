package dev.fanfare.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/**
 * The machine and the software that produced the figures.
 *
 * @param loadBefore load average over a minute when the run began; negative: unknown
 */
record Machine(
    String date,
    int cores,
    String processor,
    long memoryMegabytes,
    String system,
    String java,
    String postgres,
    double loadBefore) {

  static Machine find(Connection connection, double loadBefore) throws SQLException {
    OperatingSystemMXBean system = bean();
    return new Machine(
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        Runtime.getRuntime().availableProcessors(),
        processorModel(),
        system.getTotalMemorySize() >> 20,
        system.getName() + " " + system.getVersion() + " " + system.getArch(),
        System.getProperty("java.vm.vendor") + " " + Runtime.version(),
        connection.getMetaData().getDatabaseProductVersion(),
        loadBefore);
  }

  static double load() {
    return bean().getSystemLoadAverage();
  }

  private static OperatingSystemMXBean bean() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  }

  private static String processorModel() {
    try {
      return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown");
    } catch (IOException e) {
      return "unknown"; // not Linux
    }
  }

  /** Formats the machine as human-readable text. */
  String text(double loadAfter) {
    return String.format(
        Locale.ROOT,
        """
        %s, %s cores (%s), %,d MB, %s
        %s, PostgreSQL %s, fsync on
        load average %.2f before, %.2f after
        """,
        date,
        cores,
        processor,
        memoryMegabytes,
        system,
        java,
        postgres,
        loadBefore,
        loadAfter);
  }
}
