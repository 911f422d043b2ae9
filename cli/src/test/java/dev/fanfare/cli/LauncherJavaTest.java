package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.cli.Launcher.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which Java bin/fanfare selects, and how it starts it. */
class LauncherJavaTest {
  @TempDir Path folder;
  private Launcher launcher;

  @BeforeEach
  void install() throws Exception {
    launcher = new Launcher(folder).installed();
  }

  @Test
  void takes_the_first_java_that_is_new_enough() throws Exception {
    launcher.environment.put("JAVA_HOME", home(launcher.java("old home", "17")));
    launcher.java("usr", "21");
    launcher.java("usr/lib/jvm/jdk-24", "24");
    launcher.java("usr/lib/jvm/jdk-25", "25");
    launcher.java("usr/lib/jvm/jdk-26", "26");

    assertThat(launcher.start().out()).startsWith("java 25\n");
  }

  @Test
  void prefers_java_home_then_the_path() throws Exception {
    launcher.java("usr/lib/jvm/jdk-25", "25");
    launcher.java("usr", "26");
    assertThat(launcher.start().out()).startsWith("java 26\n");

    launcher.environment.put("JAVA_HOME", home(launcher.java("java home", "27")));
    assertThat(launcher.start().out()).startsWith("java 27\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "usr/lib/jvm/temurin-25-jdk-amd64",
        "opt/my jdk*25",
        "Library/Java/JavaVirtualMachines/temurin-25.jdk/Contents/Home",
        "home/ann/.sdkman/candidates/java/25.0.1-tem",
        "home/ann/.jdks/temurin-25"
      })
  void searches_the_usual_jdk_folders(String home) throws Exception {
    launcher.java(home, "25");

    assertThat(launcher.start().out()).startsWith("java 25\n");
  }

  @Test
  void takes_the_configured_java_by_folder_or_by_command() throws Exception {
    launcher.java("usr", "25");
    Path java = launcher.java("somewhere else", "30");

    launcher.environment.put("FANFARE_JAVA", home(java));
    assertThat(launcher.start().out()).startsWith("java 30\n");
    launcher.environment.put("FANFARE_JAVA", java.toString());
    assertThat(launcher.start().out()).startsWith("java 30\n");
  }

  @Test
  void takes_no_other_java_when_the_configured_one_is_too_old() throws Exception {
    launcher.java("usr", "25");
    String old = home(launcher.java("old", "17"));
    launcher.environment.put("FANFARE_JAVA", old);

    Outcome outcome = launcher.start();

    assertThat(outcome.status()).isEqualTo(69);
    assertThat(outcome.err())
        .isEqualTo(
            "Fanfare needs Java 25 or later, but FANFARE_JAVA points to Java 17 in " + old + ".\n");
  }

  @Test
  void reports_on_one_line_that_no_java_was_found() throws Exception {
    launcher.java("usr", "17");
    Launcher.write(launcher.machine.resolve("usr/lib/jvm/broken/bin/java"), "no Java");

    Outcome outcome = launcher.start();

    assertThat(outcome.status()).isEqualTo(69);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err())
        .isEqualTo(
            "Fanfare needs Java 25 or later, but found none. Install JDK 25, or set FANFARE_JAVA"
                + " to its folder.\n");
  }

  @Test
  void reads_the_version_of_a_jdk_from_its_file_instead_of_starting_it() throws Exception {
    Path old = launcher.java("usr", "25"); // what it says is not asked for
    Files.writeString(
        old.getParent().resolveSibling("release"), "OS_NAME=\"Linux\"\nJAVA_VERSION=\"17.0.15\"\n");
    Path young = launcher.java("usr/lib/jvm/jdk", "17");
    Files.writeString(young.getParent().resolveSibling("release"), "JAVA_VERSION=\"26-ea\"\n");

    assertThat(launcher.start().out()).startsWith("java 17\n");
  }

  @Test
  void becomes_the_java_process_and_passes_every_argument_unchanged() throws Exception {
    launcher.java("usr", "25");
    launcher.environment.put("FANFARE_JAVA_OPTS", "-Xmx1g -Dx=y");

    Outcome outcome = launcher.start("keys", "a b", "*", "");

    assertThat(outcome.out())
        .isEqualTo(
            """
            java 25
            pid %d
            [-Xmx1g]
            [-Dx=y]
            [-jar]
            [%s/lib/fanfare.jar]
            [keys]
            [a b]
            [*]
            []
            """
                .formatted(outcome.pid(), launcher.root.toRealPath()));
  }

  @Test
  void limits_the_heap_to_256_megabytes_unless_options_are_set() throws Exception {
    launcher.java("usr", "25");

    assertThat(launcher.start().out()).contains("[-Xmx256m]\n");
    launcher.environment.put("FANFARE_JAVA_OPTS", "");
    assertThat(launcher.start().out()).doesNotContain("-X");
  }

  @Test
  void finds_its_jar_through_symbolic_links() throws Exception {
    launcher.java("usr", "25");
    Path real = launcher.command;
    Path absolute = Files.createSymbolicLink(folder.resolve("absolute"), real);
    Path relative =
        Files.createSymbolicLink(
            Files.createDirectories(folder.resolve("a/b")).resolve("relative"),
            Path.of("../../absolute"));

    for (Path link : new Path[] {absolute, relative}) {
      launcher.command = link;
      assertThat(launcher.start().out())
          .contains("[%s/lib/fanfare.jar]".formatted(launcher.root.toRealPath()));
    }
  }

  @Test
  void reports_an_installation_without_a_jar() throws Exception {
    launcher.java("usr", "25");
    Files.delete(launcher.root.resolve("lib/fanfare.jar"));

    Outcome outcome = launcher.start();

    assertThat(outcome.status()).isEqualTo(69);
    assertThat(outcome.err()).startsWith("Fanfare's jar is missing: ");
  }

  private static String home(Path java) {
    return java.getParent().getParent().toString();
  }
}
