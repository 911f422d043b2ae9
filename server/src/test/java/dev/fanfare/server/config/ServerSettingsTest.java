package dev.fanfare.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class ServerSettingsTest {
  private static final Path PAGE = Path.of("../docs/reference/settings.md");
  private static final List<Setting<?>> ALL = ServerSettings.ALL;

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
