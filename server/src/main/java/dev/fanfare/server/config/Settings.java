package dev.fanfare.server.config;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What an operator has set, and where: an environment variable wins over the properties file, which
 * wins over the default.
 *
 * <p>The file is the one that {@code FANFARE_CONFIG} names, or {@code fanfare.properties} in the
 * working directory when there is one, in UTF-8. Its keys are the variables' names in lower case
 * with dots: {@code fanfare.database.url} is {@code FANFARE_DATABASE_URL}. A value that is empty or
 * blank counts as not set, so that a template may leave one open. Immutable.
 */
public final class Settings {
  /** Where a value comes from. */
  public enum Origin {
    ENVIRONMENT,
    FILE,
    DEFAULT
  }

  /**
   * One line of {@code fanfare config}.
   *
   * @param name the environment variable, such as {@code FANFARE_PORT}
   * @param value the value in force, for people: secrets are stars
   */
  public record Entry(String name, String value, Origin origin) {}

  private static final String CONFIG = "FANFARE_CONFIG";
  private static final String LOG_LEVEL = "FANFARE_LOG_LEVEL";
  private static final String LOG_FORMAT = "FANFARE_LOG_FORMAT";
  private static final Set<String> LOG_LEVELS = Set.of("trace", "debug", "info", "warn", "error");
  private static final Set<String> LOG_FORMATS = Set.of("text", "json");

  /** Read before this process exists, by the launcher, so no file can hold them. */
  private static final List<String> OF_THE_LAUNCHER = List.of("FANFARE_JAVA", "FANFARE_JAVA_OPTS");

  /** Read by applications and workers, which often share an environment with a server. */
  private static final List<String> OF_THE_CLIENT =
      List.of("FANFARE_URL", "FANFARE_SECRET_KEY", "FANFARE_SLOTS");

  private static final List<String> IN_FILE =
      Stream.concat(
              Setting.OF_THE_SERVER.stream().map(Setting::name), Stream.of(LOG_LEVEL, LOG_FORMAT))
          .toList();

  /** Names further apart than this many letters are not taken for each other. */
  private static final int SLIP_MAX = 4;

  private record Found(String text, Origin origin) {}

  private final @Nullable Path file;
  private final Map<String, Found> found;
  private final List<String> warnings;
  private final ServerConfig server;
  private final @Nullable String logLevel;
  private final @Nullable String logFormat;

  private Settings(@Nullable Path file, Map<String, Found> found, List<String> warnings) {
    this.file = file;
    this.found = Map.copyOf(found);
    this.warnings = List.copyOf(warnings);
    this.logLevel = oneOf(LOG_LEVEL, LOG_LEVELS);
    this.logFormat = oneOf(LOG_FORMAT, LOG_FORMATS);
    this.server = serverConfig();
  }

  /**
   * Reads the settings of this process.
   *
   * @param environment the environment variables
   * @param workingDirectory where {@code fanfare.properties} is looked for
   * @throws InvalidSettingException when a value cannot be used or the file cannot be read
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

  /** What the server is wired with. */
  public ServerConfig server() {
    return server;
  }

  /**
   * The least level that is logged: {@code trace}, {@code debug}, {@code info}, {@code warn} or
   * {@code error}. Absent: what suits the command.
   */
  public @Nullable String logLevel() {
    return logLevel;
  }

  /** How log lines are written: {@code text} or {@code json}. Absent: text. */
  public @Nullable String logFormat() {
    return logFormat;
  }

  /** The properties file that was read; absent when there is none. */
  public @Nullable Path file() {
    return file;
  }

  /** A sentence for each setting that nobody reads, most likely a slip of the pen. */
  public List<String> warnings() {
    return warnings;
  }

  /** Every setting with its value and origin. */
  public List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    for (Setting setting : Setting.OF_THE_SERVER) {
      entries.add(entry(setting.name(), setting.show(server)));
    }
    entries.add(entry(LOG_LEVEL, logLevel == null ? "info (warn in demo)" : logLevel));
    entries.add(entry(LOG_FORMAT, logFormat == null ? "text" : logFormat));
    entries.add(entry(CONFIG, file == null ? "(no file)" : file.toString()));
    for (String name : OF_THE_LAUNCHER) {
      Found set = found.get(name);
      entries.add(entry(name, set == null ? "(the launcher's choice)" : set.text()));
    }
    return entries;
  }

  private Entry entry(String name, String value) {
    Found set = found.get(name);
    return new Entry(name, value, set == null ? Origin.DEFAULT : set.origin());
  }

  private ServerConfig serverConfig() {
    ServerConfigBuilder builder = new ServerConfigBuilder();
    for (Setting setting : Setting.OF_THE_SERVER) {
      Found set = found.get(setting.name());
      if (set != null) {
        setting.apply(builder, set.text());
      }
    }
    return builder.build();
  }

  private @Nullable String oneOf(String name, Set<String> allowed) {
    Found set = found.get(name);
    if (set == null) {
      return null;
    }
    String text = set.text().toLowerCase(Locale.ROOT);
    if (!allowed.contains(text)) {
      throw new InvalidSettingException(
          name,
          "must be one of %s, not \"%s\""
              .formatted(String.join(", ", allowed.stream().sorted().toList()), set.text()));
    }
    return text;
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
        Stream.of(IN_FILE, OF_THE_LAUNCHER, OF_THE_CLIENT, List.of(CONFIG))
            .flatMap(List::stream)
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
        + " is no setting of Fanfare and has no effect"
        + (distance(name, nearest) <= SLIP_MAX ? "; did you mean " + nearest + "?" : "");
  }

  /** Levenshtein's distance: how many letters to add, drop or change. */
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
