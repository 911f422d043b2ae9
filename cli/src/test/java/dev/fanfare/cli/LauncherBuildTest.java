package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.cli.Launcher.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When bin/fanfare builds a checkout, and how it handles a failed build. */
class LauncherBuildTest {
  private static final String BUILD =
      "mkdir -p \"$root/cli/target\"; : >\"$root/cli/target/fanfare.jar\"";

  @TempDir Path folder;
  private Launcher launcher;

  @BeforeEach
  void checkOut() throws Exception {
    launcher = new Launcher(folder).checkout();
    launcher.java("usr", "25");
  }

  @Test
  void builds_only_when_there_is_no_jar() throws Exception {
    launcher.maven(BUILD);

    Outcome first = launcher.start("--help");
    Outcome second = launcher.start("--help");

    assertThat(first.err()).startsWith("Building Fanfare from source").hasLineCount(1);
    assertThat(first.out()).contains("[--help]");
    assertThat(second.err()).isEmpty();
    assertThat(launcher.built())
        .singleElement()
        .asString()
        .contains("-pl cli -am")
        .endsWith(" package");
    assertThat(launcher.root.resolve("cli/target/build.lock")).doesNotExist();
  }

  @Test
  void builds_again_when_a_source_is_newer() throws Exception {
    launcher.maven(BUILD);
    launcher.start();

    touch("server/src/main/java/Server.java");
    launcher.start();
    assertThat(launcher.built()).hasSize(2);

    touch("cli/pom.xml");
    launcher.start();
    assertThat(launcher.built()).hasSize(3);
  }

  @Test
  void a_changed_test_does_not_trigger_a_build() throws Exception {
    launcher.maven(BUILD);
    launcher.start();

    touch("server/src/test/java/ServerTest.java");
    launcher.start();

    assertThat(launcher.built()).hasSize(1);
  }

  @Test
  void builds_again_when_a_source_was_deleted() throws Exception {
    launcher.maven(BUILD);
    launcher.start();

    Files.delete(launcher.root.resolve("server/src/main/java/Server.java"));
    touch("server/src/main/java");
    launcher.start();

    assertThat(launcher.built()).hasSize(2);
  }

  @Test
  void a_source_edited_during_a_build_is_built_next_time() throws Exception {
    launcher.maven("sleep 0.1; touch \"$root/server/src/main/java/Server.java\"; " + BUILD);

    launcher.start();
    launcher.maven(BUILD);
    launcher.start();
    age("server/src/main/java/Server.java", 1);
    launcher.start();

    assertThat(launcher.built()).hasSize(2);
  }

  @Test
  void two_starts_build_once() throws Exception {
    launcher.maven("while [ ! -e \"$root/go\" ]; do sleep 0.05; done; " + BUILD);
    Process first = launcher.begin();
    Process second = launcher.begin();
    // Let the build end only after one of them has begun it, so the other finds it running or done.
    while (launcher.built().isEmpty()) {
      Thread.onSpinWait();
    }
    Files.createFile(launcher.root.resolve("go"));

    Outcome one = Launcher.finish(first);
    Outcome other = Launcher.finish(second);

    assertThat(one.status()).isZero();
    assertThat(other.status()).isZero();
    assertThat(launcher.built()).hasSize(1);
  }

  @Test
  void a_lock_whose_holder_died_is_taken_over() throws Exception {
    launcher.maven(BUILD);
    Process dead = new ProcessBuilder("/bin/sh", "-c", "exit 0").start();
    dead.waitFor();
    Files.createDirectories(launcher.root.resolve("cli/target"));
    Files.createSymbolicLink(
        launcher.root.resolve("cli/target/build.lock"), Path.of("pid." + dead.pid()));

    assertThat(launcher.start().status()).isZero();
    assertThat(launcher.built()).hasSize(1);
  }

  @Test
  void shows_the_end_of_the_log_when_the_build_fails() throws Exception {
    launcher.maven("echo '[ERROR] Server.java: no such thing'; exit 1");

    Outcome outcome = launcher.start();

    assertThat(outcome.status()).isEqualTo(70);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err())
        .contains("[ERROR] Server.java: no such thing\n")
        .endsWith(
            "The full log is in %s/cli/target/build.log.\n".formatted(launcher.root.toRealPath()));
    assertThat(launcher.root.resolve("cli/target/build.lock")).doesNotExist();
  }

  @Test
  void says_that_it_needs_maven() throws Exception {
    Outcome outcome = launcher.start();

    assertThat(outcome.status()).isEqualTo(69);
    assertThat(outcome.err()).startsWith("Fanfare must be built first, but Maven was not found.");
  }

  @Test
  void stops_maven_and_releases_the_lock_when_it_is_stopped() throws Exception {
    launcher.maven("echo $$ >\"$root/maven.pid\"; exec sleep 60");
    Process start = launcher.begin();
    Path pid = launcher.root.resolve("maven.pid");
    while (!Files.exists(pid) || Files.size(pid) == 0) {
      Thread.onSpinWait();
    }
    ProcessHandle maven =
        ProcessHandle.of(Long.parseLong(Files.readString(pid).strip())).orElseThrow();

    start.destroy();

    assertThat(start.waitFor()).isEqualTo(143);
    maven.onExit().get();
    assertThat(launcher.root.resolve("cli/target/build.lock")).doesNotExist();
  }

  /** Makes {@code file} newer than the jar, but not newer than a jar that is built now. */
  private void touch(String file) throws Exception {
    age("cli/target/fanfare.jar", 2);
    age(file, 1);
  }

  private void age(String file, int hours) throws Exception {
    Files.setLastModifiedTime(
        launcher.root.resolve(file), FileTime.from(Instant.now().minus(Duration.ofHours(hours))));
  }
}
