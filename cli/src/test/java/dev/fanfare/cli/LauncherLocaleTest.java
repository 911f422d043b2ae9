package dev.fanfare.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code bin/fanfare} starts Java in a UTF-8 locale, in which it can express every file name. */
class LauncherLocaleTest {
  @TempDir Path folder;
  private Launcher launcher;

  @BeforeEach
  void install() throws Exception {
    launcher = new Launcher(folder).installed();
    Path java = launcher.java("usr", "25");
    Files.writeString(
        java, Files.readString(java).replace("echo \"java 25\"", "echo \"LC_ALL=${LC_ALL-}\""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ANSI_X3.4-1968", "ISO-8859-1"})
  void another_charset_stays_that_of_the_output_only(String charmap) throws Exception {
    locale("echo " + charmap);
    launcher.environment.put("LC_ALL", "POSIX");
    assertThat(launcher.start("config").out())
        .startsWith("LC_ALL=C.UTF-8\n")
        .contains("[-Dstdout.encoding=%1$s]\n[-Dstderr.encoding=%1$s]\n[-Xmx".formatted(charmap));
  }

  @Test
  void a_utf_8_locale_is_left_alone() throws Exception {
    locale("echo UTF-8");
    launcher.environment.put("LC_ALL", "fr_FR.UTF-8");
    assertThat(launcher.start("config").out())
        .startsWith("LC_ALL=fr_FR.UTF-8\n")
        .doesNotContain("encoding");
  }

  @Test
  void a_machine_without_the_command_locale_gets_utf_8() throws Exception {
    assertThat(launcher.start("config").out())
        .startsWith("LC_ALL=C.UTF-8\n")
        .doesNotContain("encoding");
  }

  private void locale(String command) throws IOException {
    Path file =
        Launcher.write(launcher.machine.resolve("usr/bin/locale"), "#!/bin/sh\n" + command + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }
}
