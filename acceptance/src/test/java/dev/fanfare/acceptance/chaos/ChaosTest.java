package dev.fanfare.acceptance.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fanfare.testkit.Seed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever fails, and whenever: no acknowledged run is lost, halved or doubled, every run ends
 * once, and no client sees an error other than 503. {@code make chaos} runs it with more faults.
 */
class ChaosTest {
  /** How many faults; the default is for a run of all tests. */
  private static final String FAULTS = "fanfare.chaos.faults";

  /** The names of the kinds to draw from, separated by commas. Default: all. */
  private static final String KINDS = "fanfare.chaos.kinds";

  private static final int SHOWN = 10;

  @Test
  void all_promises_hold_after_every_fault(@TempDir Path home) throws Exception {
    assumeTrue(Files.isDirectory(Path.of("/proc/self")), "signals and /proc are Linux's");
    long seed = Long.getLong(Seed.PROPERTY, new SecureRandom().nextInt(1_000_000));
    Path folder = Path.of("target", "chaos", Long.toString(seed)).toAbsolutePath();
    empty(folder);
    System.out.println("Chaos with seed " + seed + ", evidence in " + folder);
    try (Campaign campaign = Campaign.start(folder, home, seed)) {
      List<String> findings = campaign.run(Integer.getInteger(FAULTS, 3), kinds()).findings();
      assertThat(findings.stream().limit(SHOWN))
          .as("%d findings, seed %d, evidence in %s", findings.size(), seed, folder)
          .isEmpty();
    }
  }

  private static Set<FaultKind> kinds() {
    String names = System.getProperty(KINDS, "");
    Set<FaultKind> kinds = EnumSet.noneOf(FaultKind.class);
    for (String name : names.split(",")) {
      if (!name.isBlank()) {
        kinds.add(FaultKind.valueOf(name.strip()));
      }
    }
    return kinds.isEmpty() ? EnumSet.allOf(FaultKind.class) : kinds;
  }

  private static void empty(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        all.sorted(Comparator.reverseOrder()).forEach(ChaosTest::delete);
      }
    }
    Files.createDirectories(folder);
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
