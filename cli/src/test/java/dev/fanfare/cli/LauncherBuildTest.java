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

/** When bin/fanfare builds a checkout, and what it makes of a build that goes wrong. */
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
  void buildsWhenThereIsNoJarAndOnlyThen() throws Exception {
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
  void buildsAgainWhenASourceIsNewer() throws Exception {
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
  void aTestIsNoPartOfTheJar() throws Exception {
    launcher.maven(BUILD);
    launcher.start();

    touch("server/src/test/java/ServerTest.java");
    launcher.start();

    assertThat(launcher.built()).hasSize(1);
  }

  @Test
  void buildsAgainWhenASourceIsGone() throws Exception {
    launcher.maven(BUILD);
    launcher.start();

    Files.delete(launcher.root.resolve("server/src/main/java/Server.java"));
    touch("server/src/main/java");
    launcher.start();

    assertThat(launcher.built()).hasSize(2);
  }

  @Test
  void whatIsEditedDuringABuildIsBuiltNextTime() throws Exception {
    launcher.maven("sleep 0.1; touch \"$root/server/src/main/java/Server.java\"; " + BUILD);

    launcher.start();
    launcher.maven(BUILD);
    launcher.start();
    age("server/src/main/java/Server.java", 1);
    launcher.start();

    assertThat(launcher.built()).hasSize(2);
  }

  @Test
  void twoStartsBuildOnce() throws Exception {
    launcher.maven("while [ ! -e \"$root/go\" ]; do sleep 0.05; done; " + BUILD);
    Process first = launcher.begin();
    Process second = launcher.begin();
    // Only once one of them builds may the build end: the other has to find it under way or done.
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
  void aLockWhoseHolderDiedIsNobodys() throws Exception {
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
  void showsTheEndOfTheLogWhenTheBuildFails() throws Exception {
    launcher.maven("echo '[ERROR] Server.java: no such thing'; exit 1");

    Outcome outcome = launcher.start();

    assertThat(outcome.status()).isEqualTo(70);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err())
        .contains("[ERROR] Server.java: no such thing\n")
        .endsWith(
            "the whole log is in %s/cli/target/build.log.\n".formatted(launcher.root.toRealPath()));
    assertThat(launcher.root.resolve("cli/target/build.lock")).doesNotExist();
  }

  @Test
  void saysThatItNeedsMaven() throws Exception {
    Outcome outcome = launcher.start();

    assertThat(outcome.status()).isEqualTo(69);
    assertThat(outcome.err()).startsWith("Fanfare has to be built first, but there is no Maven");
  }

  @Test
  void stopsMavenAndGivesTheLockBackWhenItIsStopped() throws Exception {
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
