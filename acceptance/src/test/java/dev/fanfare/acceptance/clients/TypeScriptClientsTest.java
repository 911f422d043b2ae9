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
 * Every function of the published TypeScript SDKs that this server is meant to answer, called by
 * the SDKs themselves: a test for each version and function. What came of it is the table in {@code
 * docs/compatibility.md}, which {@code -Dfanfare.compatibility.write=true} writes anew.
 *
 * <p>What a failing check sent and was answered is in the message, and of all checks in {@code
 * target/clients}.
 */
class TypeScriptClientsTest {
  private static final Path PAGE = Path.of("..", "docs", "compatibility.md");

  /** As {@code slow}, one at a time: what is behind the first one waits. */
  private static final Task<Nap, Slept> NARROW =
      Task.define("narrow", Nap.class, Slept.class)
          .queue(Queue.named("narrow").concurrencyLimit(1))
          .handler(DemoTasks.SLOW.handler());

  private static List<String> versions = List.of();
  private static final List<Outcome> outcomes = new ArrayList<>();

  @BeforeAll
  static void runTheChecks() throws Exception {
    Optional<String> unavailable = NodeSdks.unavailable();
    unavailable.ifPresent(System.err::println); // what Maven shows of a skipped test is its number
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
  Stream<DynamicContainer> everyFunctionWorksWithEveryVersion() {
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
  void theTableOfTheDocumentationIsWhatCameOut() throws IOException {
    String page = CompatibilityPage.of(versions, outcomes);
    if (Boolean.getBoolean("fanfare.compatibility.write")) {
      Files.writeString(PAGE, page);
    }
    assertThat(Files.readString(PAGE))
        .as("docs/compatibility.md; -Dfanfare.compatibility.write=true writes it anew")
        .isEqualTo(page);
  }
}
