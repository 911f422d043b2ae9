package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final CommandLine commands =
      Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "demo",
        "dev",
        "server",
        "keys",
        "keys list",
        "keys create",
        "keys revoke",
        "storage",
        "storage retention",
        "migrate",
        "config"
      })
  void every_command_prints_its_usage_its_exit_statuses_and_its_version(String command) {
    assertThat(run(command + " --help")).isZero();
    assertThat(out.toString())
        .startsWith("Usage: " + ("fanfare " + command).strip())
        .contains("Exit status:", "78   a setting is invalid");

    assertThat(run(command + " --version")).isZero();
    assertThat(out.toString()).contains("Fanfare ", "Java ");
    assertThat(err.toString()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "serve",
        "server --port",
        "keys create -e moon",
        "keys revoke",
        "demo --runs 0",
        "demo --runs 1001",
        "storage retention",
        "storage retention prod",
        "storage retention moon 7d",
        "storage retention prod 0d",
        "storage retention prod 7",
        "storage retention prod 7w"
      })
  void an_invalid_command_line_is_explained_in_two_lines(String line) {
    assertThat(run(line)).isEqualTo(ExitStatus.USAGE);
    assertThat(err.toString())
        .startsWith("fanfare: ")
        .contains("Try 'fanfare")
        .contains("--help'.");
    assertThat(err.toString().lines()).hasSizeLessThanOrEqualTo(3);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void an_invalid_retention_is_explained() {
    assertThat(run("storage retention prod 7w")).isEqualTo(ExitStatus.USAGE);
    assertThat(err.toString())
        .startsWith(
            "fanfare: Invalid value for positional parameter at index 1 (RETENTION): it must be a"
                + " duration such as 12h or 30d, or forever or default, not \"7w\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "keys"})
  void without_a_command_it_prints_help(String line) {
    assertThat(run(line)).isEqualTo(ExitStatus.USAGE);
    assertThat(err.toString()).startsWith("Usage: fanfare");
  }

  @Test
  void config_prints_every_setting() {
    assertThat(run("config")).isZero();
    assertThat(out.toString().lines().toList()).first().asString().matches("SETTING +VALUE +FROM");
    assertThat(out.toString())
        .contains("FANFARE_DATABASE_URL", "FANFARE_BODY_READ_TIMEOUT", "FANFARE_LOG_FORMAT");
  }

  private int run(String line) {
    return commands.execute(line.isBlank() ? new String[0] : line.strip().split(" "));
  }
}
