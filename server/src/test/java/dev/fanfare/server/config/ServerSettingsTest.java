package dev.fanfare.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.fanfare.testkit.Project;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class ServerSettingsTest {
  private static final Path PAGE = Path.of("../docs/reference/settings.md");
  private static final List<Setting<?>> ALL = ServerSettings.ALL;

  /** The code outside this package: here, a rule may read a setting that nothing else uses. */
  private static final String READERS =
      Stream.of("server/src/main/java", "cli/src/main/java")
          .flatMap(folder -> Project.files(Project.ROOT.resolve(folder), ".java").stream())
          .filter(file -> !file.getParent().endsWith("config"))
          .map(Project::text)
          .collect(Collectors.joining());

  private static final String LAUNCHER = Project.text("bin/fanfare");

  @Test
  void every_constant_is_listed_once_under_its_name() {
    List<String> constants =
        Arrays.stream(ServerSettings.class.getDeclaredFields())
            .filter(field -> field.getType() == Setting.class)
            .map(Field::getName)
            .map(name -> "FANFARE_" + name)
            .toList();

    assertThat(ALL).extracting(Setting::name).doesNotHaveDuplicates();
    assertThat(ALL).extracting(Setting::name).containsExactlyInAnyOrderElementsOf(constants);
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void every_setting_is_documented(Setting<?> setting) {
    assertThat(setting.doc()).isNotBlank().doesNotEndWith(".").doesNotContain("|", "\n");
    assertThat(setting.values()).isNotBlank();
    assertThat(setting.defaultText()).isNotBlank();
  }

  @Test
  void every_setting_is_read_by_the_server_or_its_launcher() {
    assertThat(ALL).filteredOn(setting -> !isRead(setting.name())).isEmpty();
  }

  @Test
  void a_setting_that_nothing_reads_is_found() {
    assertThat(isRead("FANFARE_NOBODY_READS_ME")).isFalse();
  }

  /** The launcher and the choice of the properties file read the names themselves. */
  private static boolean isRead(String name) {
    String constant = name.substring("FANFARE_".length());
    return found("\\bget\\((ServerSettings\\.)?%s\\)".formatted(constant), READERS)
        || found("\\$\\{%s\\b".formatted(name), LAUNCHER)
        || name.equals(ServerSettings.CONFIG.name());
  }

  private static boolean found(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).find();
  }

  @ParameterizedTest
  @FieldSource("ALL")
  void every_default_obeys_its_own_rules_and_is_shown_as_documented(Setting<?> setting) {
    ServerConfig defaults = ServerConfig.defaults();

    assertThatCode(() -> setting.check(defaults)).doesNotThrowAnyException();
    if (setting.defaultText().startsWith("`")) {
      assertThat("`" + setting.show(defaults) + "`").isEqualTo(setting.defaultText());
    }
  }

  @Test
  void the_reference_page_is_generated_from_the_declarations() throws IOException {
    String page = SettingsPage.text();
    if (Boolean.getBoolean("fanfare.settings.write")) {
      Files.writeString(PAGE, page);
    }
    assertThat(Files.readString(PAGE))
        .as("docs/reference/settings.md; -Dfanfare.settings.write=true generates it")
        .isEqualTo(page);
  }
}
