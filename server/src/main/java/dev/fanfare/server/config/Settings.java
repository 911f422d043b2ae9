package dev.fanfare.server.config;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a process and where each comes from: an environment variable overrides the
 * properties file, which overrides the default.
 *
 * <p>{@code FANFARE_CONFIG} names the file; without it, it is {@code fanfare.properties} in the
 * working directory when there is one, in UTF-8. Its keys are the variables' names in lower case
 * with dots: {@code fanfare.database.url} is {@code FANFARE_DATABASE_URL}. A blank value counts as
 * not set, so that a template may leave one open. Immutable.
 */
public final class Settings {
  /** The source of a value. */
  public enum Origin {
    ENVIRONMENT,
    FILE,
    DEFAULT
  }

  /**
   * One line of {@code fanfare config}.
   *
   * @param name the environment variable, such as {@code FANFARE_PORT}
   * @param value the effective value, for display: secrets are shown as stars
   */
  public record Entry(String name, String value, Origin origin) {}

  /** Read by applications and workers, which often share their environment with a server. */
  private static final List<String> OF_THE_CLIENT =
      List.of("FANFARE_URL", "FANFARE_SECRET_KEY", "FANFARE_SLOTS");

  private static final String CONFIG = ServerSettings.CONFIG.name();

  private static final List<String> IN_FILE =
      ServerSettings.ALL.stream()
          .filter(setting -> !setting.environmentOnly())
          .map(Setting::name)
          .toList();

  /** The greatest distance at which a known name is suggested for an unknown one. */
  private static final int SLIP_MAX = 4;

  private record Found(String text, Origin origin) {}

  private final @Nullable Path file;
  private final Map<String, Found> found;
  private final List<String> warnings;
  private final ServerConfig config;

  private Settings(@Nullable Path file, Map<String, Found> found, List<String> warnings) {
    this.file = file;
    this.found = Map.copyOf(found);
    this.warnings = List.copyOf(warnings);
    this.config = serverConfig();
  }

  /**
   * Reads the settings of this process.
   *
   * @param environment the environment variables
   * @param workingDirectory where {@code fanfare.properties} is searched
   * @throws InvalidSettingException when a value is invalid or the file cannot be read
   */
  public static Settings read(Map<String, String> environment, Path workingDirectory) {
    Path file = file(environment, workingDirectory);
    Map<String, String> properties = file == null ? Map.of() : properties(file);
    Map<String, Found> found = new LinkedHashMap<>();
    for (String name : IN_FILE) {
      String text = properties.get(Setting.key(name));
      if (text != null && !text.isBlank()) {
        found.put(name, new Found(text.strip(), Origin.FILE));
      }
    }
    environment.forEach((name, text) -> {
      if (!text.isBlank()) {
        found.put(name, new Found(text.strip(), Origin.ENVIRONMENT));
      }
    });
    return new Settings(file, found, unknown(environment, properties, file));
  }

  /** The value of every setting. */
  public ServerConfig config() {
    return config;
  }

  /** The properties file that was read; absent when there is none. */
  public @Nullable Path file() {
    return file;
  }

  /** A sentence for each unknown setting, most likely a misspelled one. */
  public List<String> warnings() {
    return warnings;
  }

  /** Every setting with its value and origin, in the order of the documentation. */
  public List<Entry> entries() {
    return ServerSettings.ALL.stream().map(this::entry).toList();
  }

  private Entry entry(Setting<?> setting) {
    Found set = found.get(setting.name());
    String value;
    if (setting == ServerSettings.CONFIG) {
      value = file == null ? "(no file)" : file.toString();
    } else if (setting.environmentOnly() && set != null) {
      value = set.text();
    } else {
      value = setting.show(config);
    }
    return new Entry(setting.name(), value, set == null ? Origin.DEFAULT : set.origin());
  }

  private ServerConfig serverConfig() {
    Map<Setting<?>, Object> chosen = new HashMap<>();
    for (Setting<?> setting : ServerSettings.ALL) {
      Found set = found.get(setting.name());
      if (set != null && !setting.environmentOnly()) {
        chosen.put(setting, setting.read(set.text()));
      }
    }
    return new ServerConfig(chosen);
  }

  private static @Nullable Path file(Map<String, String> environment, Path workingDirectory) {
    String named = environment.getOrDefault(CONFIG, "").strip();
    if (named.isEmpty()) {
      Path usual = workingDirectory.resolve("fanfare.properties");
      return Files.exists(usual) ? usual : null;
    }
    return workingDirectory.resolve(named);
  }

  private static Map<String, String> properties(Path file) {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      throw new InvalidSettingException(
          CONFIG, "names a properties file that cannot be read: " + file);
    }
    Map<String, String> texts = new LinkedHashMap<>();
    properties.stringPropertyNames().stream()
        .sorted()
        .forEach(key -> texts.put(key, properties.getProperty(key)));
    return texts;
  }

  private static List<String> unknown(
      Map<String, String> environment, Map<String, String> properties, @Nullable Path file) {
    List<String> inEnvironment =
        Stream.concat(ServerSettings.ALL.stream().map(Setting::name), OF_THE_CLIENT.stream())
            .toList();
    List<String> warnings = new ArrayList<>();
    environment.keySet().stream()
        .filter(name -> name.startsWith("FANFARE_") && !inEnvironment.contains(name))
        .sorted()
        .forEach(name -> warnings.add(warning(name, name, inEnvironment)));
    List<String> keys = IN_FILE.stream().map(Setting::key).toList();
    properties.keySet().stream()
        .filter(key -> !keys.contains(key))
        .forEach(key -> warnings.add(warning(key + " in " + file, Setting.key(key), keys)));
    return warnings;
  }

  private static String warning(String what, String name, List<String> names) {
    String nearest =
        names.stream().min(Comparator.comparingInt(other -> distance(name, other))).orElseThrow();
    return what
        + " is not a Fanfare setting and has no effect"
        + (distance(name, nearest) <= SLIP_MAX ? "; did you mean " + nearest + "?" : "");
  }

  /** The Levenshtein distance: the least number of letters to add, drop or change. */
  private static int distance(String one, String other) {
    int[] row = new int[other.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= one.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int change = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[other.length()];
  }
}
