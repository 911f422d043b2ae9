package dev.fanfare.acceptance.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fanfare.acceptance.TestServer;
import dev.fanfare.examples.DemoTasks;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Worker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The TypeScript example of the README, which imports only the published SDK. */
class TypeScriptReadmeTest {
  private static final String FILE = "readme.ts";

  @Test
  void the_readme_shows_the_file_that_is_run() throws Exception {
    assertThat(Files.readString(Path.of("..", "README.md")))
        .contains("```typescript\n" + NodeSdks.text(FILE) + "```");
  }

  @Test
  void the_unmodified_file_triggers_a_thousand_runs_and_sees_them_complete() throws Exception {
    Optional<String> unavailable = NodeSdks.unavailable();
    unavailable.ifPresent(System.err::println);
    assumeTrue(unavailable.isEmpty(), () -> unavailable.orElse(""));
    try (TestServer server = TestServer.start()) {
      String url = server.server.url().toString();
      Fanfare fanfare = Fanfare.builder().url(url).secretKey(server.key).build();
      try (Worker _ = Worker.builder(fanfare).tasks(DemoTasks.all()).start()) {
        assertThat(
                NodeSdks.runTypeScript(
                    FILE, Map.of("FANFARE_URL", url, "FANFARE_SECRET_KEY", server.key)))
            .matches("batch_[0-9a-z]{25} has 1000 runs\n1000 are COMPLETED\n");
      }
    }
  }
}
