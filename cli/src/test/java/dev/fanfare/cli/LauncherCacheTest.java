package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.cli.Launcher.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How bin/fanfare fills a cache of the JVM when it builds a checkout, and when it is used. */
class LauncherCacheTest {
  private static final String BUILD =
      "mkdir -p \"$root/cli/target\"; : >\"$root/cli/target/fanfare.jar\"";

  @TempDir Path folder;
  private Launcher launcher;

  @BeforeEach
  void checkOut() throws Exception {
    launcher = new Launcher(folder).checkout();
    launcher.maven(BUILD);
  }

  private Path cache() {
    return launcher.root.resolve("cli/target/fanfare.aot");
  }

  /** A Java that writes its arguments into the cache, if it is to write one. */
  private void javaThatWritesCaches() throws Exception {
    Path java = launcher.java("usr", "25");
    String write =
        """
        for argument in "$@"; do
          case $argument in
            -XX:AOTCacheOutput=*) echo "$*" >"${argument#*=}" ;;
          esac
        done
        """;
    Files.writeString(java, Files.readString(java) + write);
  }

  private void makeOlder(String file, int hours) throws Exception {
    Files.setLastModifiedTime(
        launcher.root.resolve(file), FileTime.from(Instant.now().minus(Duration.ofHours(hours))));
  }

  @Test
  void a_build_ends_with_a_demo_that_fills_the_cache_of_later_starts() throws Exception {
    javaThatWritesCaches();

    Outcome first = launcher.start("--help");

    assertThat(first.err()).startsWith("Building Fanfare from source").hasLineCount(1);
    assertThat(Files.readString(cache()))
        .contains("-Xmx256m")
        .endsWith("fanfare.jar demo --exit\n");
    assertThat(launcher.root.resolve("cli/target/training")).doesNotExist();
    makeOlder("cli/target/fanfare.jar", 1);
    assertThat(launcher.start().out())
        .contains("[-XX:AOTCache=%s]\n".formatted(cache().toRealPath()));
  }

  @Test
  void a_cache_of_another_jar_or_other_options_is_not_used() throws Exception {
    javaThatWritesCaches();
    launcher.start();
    makeOlder("cli/target/fanfare.jar", 1);

    launcher.environment.put("FANFARE_JAVA_OPTS", "-Xmx1g");
    assertThat(launcher.start().out()).doesNotContain("AOT");
    launcher.environment.remove("FANFARE_JAVA_OPTS");
    makeOlder("cli/target/fanfare.aot", 2);
    assertThat(launcher.start().out()).doesNotContain("AOT");
  }

  @Test
  void without_a_cache_it_starts_as_well() throws Exception {
    launcher.java("usr", "25");

    Outcome outcome = launcher.start("--help");

    assertThat(outcome.status()).isZero();
    assertThat(outcome.out()).contains("[--help]").doesNotContain("AOT");
    assertThat(cache()).doesNotExist();
  }

  /** A jar that prints its first argument. */
  private Path jar() throws Exception {
    Path source =
        Launcher.write(
            folder.resolve("code/Echo.java"),
            "class Echo { public static void main(String[] a) { System.out.println(a[0]); } }");
    assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, source.toString()))
        .isZero();
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, "Echo");
    Path jar = folder.resolve("code/echo.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
      out.putNextEntry(new JarEntry("Echo.class"));
      Files.copy(source.resolveSibling("Echo.class"), out);
    }
    return jar;
  }

  @Test
  void java_takes_classes_from_the_cache_and_says_nothing_about_it() throws Exception {
    launcher.environment.put("FANFARE_JAVA", System.getProperty("java.home"));
    launcher.maven(
        "mkdir -p \"$root/cli/target\"; cat '%s' >\"$root/cli/target/fanfare.jar\""
            .formatted(jar()));

    Outcome first = launcher.start("first");
    assertThat(first.out()).isEqualTo("first\n");
    assertThat(cache()).isNotEmptyFile();
    Outcome second = launcher.start("second");
    assertThat(List.of(second.out(), second.err())).containsExactly("second\n", "");

    launcher.environment.put("JDK_JAVA_OPTIONS", "-Xlog:class+load");
    assertThat(launcher.start("third").out().lines())
        .anySatisfy(line -> assertThat(line).contains("Echo source: shared objects file"));
  }
}
