package dev.fanfare.acceptance.clients;

import static dev.fanfare.server.config.ServerSettings.TOKEN_RATE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fanfare.acceptance.TestServer;
import dev.fanfare.examples.DemoTasks;
import dev.fanfare.examples.DemoTasks.Nap;
import dev.fanfare.examples.DemoTasks.Slept;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Queue;
import dev.fanfare.sdk.Task;
import dev.fanfare.sdk.Worker;
import dev.fanfare.server.config.Rate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Calls every function of the published TypeScript SDKs that this server supports, through the SDKs
 * themselves, with one test per version and function. The results are the table in {@code
 * docs/compatibility.md}; {@code -Dfanfare.compatibility.write=true} regenerates it.
 *
 * <p>The message of a failing check contains its requests and responses; those of all checks are in
 * {@code target/clients}.
 */
class TypeScriptClientsTest {
  private static final Path PAGE = Path.of("..", "docs", "compatibility.md");

  /** Like {@code slow}, but one run at a time: later runs wait for the first one. */
  private static final Task<Nap, Slept> NARROW =
      Task.define("narrow", Nap.class, Slept.class)
          .queue(Queue.named("narrow").concurrencyLimit(1))
          .handler(DemoTasks.SLOW.handler());

  private static List<String> versions = List.of();
  private static final List<Outcome> outcomes = new ArrayList<>();

  @BeforeAll
  static void runTheChecks() throws Exception {
    Optional<String> unavailable = NodeSdks.unavailable();
    unavailable.ifPresent(
        System.err::println); // Maven only counts skipped tests; this shows the reason
    assumeTrue(unavailable.isEmpty(), () -> unavailable.orElse(""));
    versions = NodeSdks.versions();
    outcomes.clear();
    try (TestServer server = TestServer.start(s -> s.with(TOKEN_RATE, new Rate(60, 1)));
        Worker _ = demoWorker(server)) {
      for (String version : versions) {
        outcomes.addAll(
            Outcome.of(version, NodeSdks.check(version, server.server.url(), server.key)));
      }
    }
  }

  private static Worker demoWorker(TestServer server) {
    Fanfare fanfare =
        Fanfare.builder().url(server.server.url().toString()).secretKey(server.key).build();
    return Worker.builder(fanfare).tasks(DemoTasks.all()).task(NARROW).start();
  }

  @TestFactory
  Stream<DynamicContainer> every_function_works_with_every_version() {
    return versions.stream()
        .map(version ->
            DynamicContainer.dynamicContainer(
                "SDK " + version,
                outcomes.stream()
                    .filter(outcome -> outcome.version().equals(version))
                    .map(outcome ->
                        DynamicTest.dynamicTest(outcome.function(), () -> judge(outcome)))));
  }

  private static void judge(Outcome outcome) {
    Optional<String> notBuilt = NotBuilt.why(outcome.function(), outcome.version());
    switch (outcome.result()) {
      case WORKS, NOT_OFFERED -> {
        if (notBuilt.isPresent()) {
          fail(
              "%s does not fail with %s: take it out of NotBuilt",
              outcome.function(), outcome.version());
        }
      }
      case FAILS -> {
        if (notBuilt.isPresent()) {
          abort("Not built yet: %s%s".formatted(notBuilt.get(), outcome.story()));
        }
        fail(outcome.story());
      }
    }
  }

  @Test
  void the_documented_table_matches_the_results() throws IOException {
    String page = CompatibilityPage.of(versions, outcomes);
    if (Boolean.getBoolean("fanfare.compatibility.write")) {
      Files.writeString(PAGE, page);
    }
    assertThat(Files.readString(PAGE))
        .as("docs/compatibility.md; -Dfanfare.compatibility.write=true regenerates it")
        .isEqualTo(page);
  }
}
