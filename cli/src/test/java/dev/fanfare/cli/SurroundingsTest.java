package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fanfare.protocol.WireJson;
import dev.fanfare.server.component.StartException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Commands in other locales, zones, folders and forms of the log. */
@Timeout(600)
class SurroundingsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "keys list",
        "keys create",
        "keys create -e prod",
        "keys revoke 1",
        "storage",
        "storage retention prod 7d",
        "migrate"
      })
  void a_command_in_the_wrong_folder_names_the_home_and_creates_nothing(String command)
      throws Exception {
    try (CommandProcess run = CommandProcess.in(folder).run(command.split(" "))) {
      assertThat(run.awaitExit()).isEqualTo(ExitStatus.UNAVAILABLE);
      assertThat(run.err.text()).contains("no database in " + folder.resolve(".fanfare"));
      assertThat(run.err.all()).hasSize(1);
      assertThat(run.out.all()).isEmpty();
    }
    assertThat(names(folder)).isEmpty();
  }

  /** Java knows the zone IST, PostgreSQL does not. */
  @Test
  void a_json_log_is_all_json_without_secrets_in_a_zone_that_postgres_does_not_know()
      throws Exception {
    try (CommandProcess server =
        CommandProcess.in(folder)
            .java("-Duser.timezone=IST")
            .set("FANFARE_LOG_FORMAT", "json")
            .set("FANFARE_LOG_LEVEL", "warn")
            .set("FANFARE_TYPO", "1")
            .run("server")) {
      server.awaitErr("Fanfare is ready at");
      List<JsonNode> lines =
          server.err.all().stream()
              .filter(line -> !line.startsWith("WARNING: Use of the three-letter time zone"))
              .map(line -> WireJson.mapper().readTree(line))
              .toList();
      assertThat(lines).allSatisfy(line -> assertThat(line.path("message").isString()).isTrue());
      assertThat(lines.getFirst().path("message").asString()).contains("FANFARE_TYPO");
      assertThat(server.out.all()).isEmpty();
      assertThat(server.err.text()).doesNotContain("tr_dev_");

      try (CommandProcess keys = CommandProcess.in(folder).run("keys", "create", "-e", "prod")) {
        assertThat(keys.awaitExit()).as("beside the server").isZero();
        assertThat(keys.out.text()).startsWith("tr_prod_");
      }
      try (CommandProcess retention =
          CommandProcess.in(folder).run("storage", "retention", "prod", "90d")) {
        assertThat(retention.awaitExit()).isZero();
        assertThat(retention.out.text()).isEqualTo("Runs of prod are kept for 90d.");
      }
      server.signal("TERM");
      assertThat(server.awaitExit()).isZero();
    }
    try (CommandProcess storage = CommandProcess.in(folder).run("storage")) {
      assertThat(storage.awaitExit()).isZero();
      assertThat(storage.out.text())
          .containsPattern("dev +30d +FANFARE_RETENTION")
          .containsPattern("prod +90d +'storage retention'");
    }
    try (CommandProcess keys = CommandProcess.in(folder).run("keys", "list")) {
      assertThat(keys.awaitExit()).isZero();
      assertThat(keys.out.all()).as("a header and four keys").hasSize(5);
    }
  }

  @Test
  void a_failed_start_is_one_line_of_json_too() throws Exception {
    try (CommandProcess run =
        CommandProcess.in(folder).set("FANFARE_LOG_FORMAT", "json").run("keys", "list")) {
      assertThat(run.awaitExit()).isEqualTo(ExitStatus.UNAVAILABLE);
      assertThat(WireJson.mapper().readTree(run.err.text()).path("message").asString())
          .contains("no database in");
    }
    try (CommandProcess run =
        CommandProcess.in(folder)
            .set("FANFARE_LOG_FORMAT", "json")
            .set("FANFARE_PORT", "x")
            .run("server")) {
      assertThat(run.awaitExit()).isEqualTo(ExitStatus.CONFIGURATION);
      assertThat(WireJson.mapper().readTree(run.err.text()).path("message").asString())
          .contains("FANFARE_PORT");
    }
  }

  @Test
  void a_folder_that_the_locale_cannot_express_is_refused() throws Exception {
    assumeTrue(Files.isDirectory(Path.of("/proc/self")), "locales are Linux's");
    Path home = Files.createDirectory(folder.resolve("dépôt 😀"));
    try (CommandProcess server = CommandProcess.in(home).set("LC_ALL", "C").run("server")) {
      assertThat(server.awaitExit()).isEqualTo(ExitStatus.UNAVAILABLE);
      assertThat(server.err.text()).contains("The working directory is", "LC_ALL=C.UTF-8");
    }
    assertThat(names(folder)).hasSize(1);
    assertThat(names(home)).isEmpty();
  }

  @Test
  void only_paths_that_another_charset_would_change_are_refused() {
    for (String charset : List.of("ANSI_X3.4-1968", "ISO-8859-1", "unknown-charset")) {
      assertThatCode(() -> PathEncoding.check(charset, Map.of("FANFARE_HOME", "/srv/a b'c")))
          .doesNotThrowAnyException();
      for (String path : List.of("/srv/é", "/srv/\uFFFD\uFFFD", "/srv/😀")) {
        assertThatThrownBy(() -> PathEncoding.check(charset, Map.of("FANFARE_HOME", path)))
            .isInstanceOf(StartException.class)
            .hasMessageContaining("FANFARE_HOME is " + path);
      }
    }
    assertThatCode(() -> PathEncoding.check("utf8", Map.of("FANFARE_HOME", "/srv/é")))
        .doesNotThrowAnyException();
  }

  @Test
  void a_server_prints_no_secret_when_it_is_ready_and_dev_does() throws Exception {
    Path shell = folder.resolve("it's 'quoted' é 😀");
    Files.createDirectory(shell);
    try (CommandProcess server =
        CommandProcess.in(shell).java("-Dsun.jnu.encoding=UTF-8").run("server")) {
      URI url = server.awaitReady();
      assertThat(server.out.text()).isEqualTo(CommandProcess.READY + url);
      assertThat(server.err.text()).doesNotContain("tr_dev_");
      assertThat(server.err.text())
          .containsPattern(
              "uses PostgreSQL [0-9.]+ at jdbc:postgresql://127.0.0.1:[0-9]+/fanfare, whose schema"
                  + " fanfare is at version [0-9]+");
      server.signal("TERM");
      assertThat(server.awaitExit()).isZero();
    }
    try (CommandProcess dev =
        CommandProcess.in(shell).java("-Dsun.jnu.encoding=UTF-8").run("dev")) {
      assertThat(dev.awaitOut(CommandProcess.READY)).contains(" with development key tr_dev_");
      dev.signal("TERM");
      assertThat(dev.awaitExit()).isZero();
    }
  }

  private static List<String> names(Path folder) throws Exception {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
