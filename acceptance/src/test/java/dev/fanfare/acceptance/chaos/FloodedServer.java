package dev.fanfare.acceptance.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.acceptance.MigratedDatabase;
import dev.fanfare.acceptance.chaos.Flood.Request;
import dev.fanfare.testkit.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A server with the heap of the launcher for all tests of a class. After each test it must be alive
 * and have let go of what the test sent.
 *
 * <p>{@code -Dfanfare.heap.at-once=64} sends more at once than a quick run does.
 */
final class FloodedServer
    implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
  static final int MIB = 1024 * 1024;

  /** How many large requests come at once. */
  static final int AT_ONCE = Integer.getInteger("fanfare.heap.at-once", 8);

  /** How many small requests with large answers come at once. */
  static final int READS_AT_ONCE = Math.max(16, AT_ONCE);

  /** What a server may hold beyond what it held before; caches and compiled code grow a little. */
  private static final long GROWTH_BYTES = 24L * MIB;

  private final Processes processes = new Processes();
  private @Nullable Path folder;
  private @Nullable TestDatabase database;
  private @Nullable Flood flood;
  private long baseline;

  Flood flood() {
    return Objects.requireNonNull(flood);
  }

  TestDatabase database() {
    return Objects.requireNonNull(database);
  }

  Path folder() {
    return Objects.requireNonNull(folder);
  }

  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    folder = Files.createTempDirectory("fanfare-flood");
    database = MigratedDatabase.create();
    processes.set("FANFARE_SESSION_LEASE", "10m").set("FANFARE_POLL_WAIT", "100ms");
    processes.set("FANFARE_DATABASE_CONNECTIONS", "16");
  }

  /** A server for all tests, or another one after a test that ended it. */
  @Override
  public void beforeEach(ExtensionContext context) throws Exception {
    if (flood == null || !flood.isServed()) {
      flood = new Flood(processes.shippedServer("server", folder(), database()));
      flood.json(Request.post("/api/v1/tasks/warm/trigger", LongBody.of("{}")));
      baseline = flood.usedHeap();
    }
  }

  /** Whatever came, the server lives and has let go of it. */
  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    assertThat(flood().isServed()).as("the server lives: %s", flood()).isTrue();
    flood().awaitHealthy();
    long used = flood().usedHeap();
    System.out.printf(
        "%s: %s KiB in use, %s before%n", context.getDisplayName(), used / 1024, baseline / 1024);
    assertThat(used).as("bytes in use").isLessThan(baseline + GROWTH_BYTES);
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    flood().answers().forEach((kind, count) -> System.out.printf("%s: %s%n", kind, count));
    processes.close();
    database().close();
    try (Stream<Path> files = Files.walk(folder())) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
