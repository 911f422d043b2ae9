package dev.fanfare.server.config;

import java.util.stream.Collectors;

/** {@code docs/reference/settings.md}, generated from {@link ServerSettings}. */
final class SettingsPage {
  private static final String HEAD =
      """
      # Settings

      An environment variable overrides the properties file, which overrides the default. `FANFARE_CONFIG` names the file;
      without it, it is `fanfare.properties` in the working directory, if it exists. Its keys are the variables' names in lower
      case with dots: `fanfare.database.url` is `FANFARE_DATABASE_URL`. An empty value counts as not set. Unknown `FANFARE_*`
      names and unknown keys are reported at startup. An invalid value ends the start with status 78 and an error text that
      names the setting.

      `bin/fanfare config` prints every setting, its value (secrets as stars) and where it comes from.

      A default in words says what applies when the setting is absent. Forms of values:

      | Form | How to write it |
      |---|---|
      | duration | a whole number and `ms`, `s`, `m`, `h` or `d`: `250ms`, `30s`, `7d` |
      | size | a whole number of bytes, or of `kB`, `MB`, `GB`, `KiB`, `MiB` or `GiB`: `3145728`, `3MiB` |
      | rate | `1000+50/s`: 1000 at once, and 50 more each second. `none`: no limit |
      """;

  private static final String END =
      """

      Applications and workers read `FANFARE_URL` and `FANFARE_SECRET_KEY` (or `TRIGGER_API_URL` and `TRIGGER_SECRET_KEY`); the
      demo worker, as a process of its own, also reads `FANFARE_SLOTS`.
      """;

  private SettingsPage() {}

  static String text() {
    return ServerSettings.SECTIONS.stream()
        .map(SettingsPage::section)
        .collect(Collectors.joining("", HEAD, END));
  }

  private static String section(Section section) {
    return section.settings().stream()
        .map(SettingsPage::row)
        .collect(
            Collectors.joining(
                "",
                "\n## %s\n\n| Setting | Default | Values | Meaning |\n|---|---|---|---|\n"
                    .formatted(section.title()),
                ""));
  }

  private static String row(Setting<?> setting) {
    return "| `%s` | %s | %s | %s |\n"
        .formatted(
            setting.name(),
            withCode(setting.defaultText()),
            withCode(setting.values()),
            setting.doc());
  }

  private static String withCode(String text) {
    return text.replaceAll("FANFARE_\\w+|tr_dev_|fanfare\\.properties", "`$0`");
  }
}
