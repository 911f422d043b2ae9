package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.testkit.Project;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Rules for the sources of all modules that no compiler checks. */
class TidyTest {
  /** The usual maximum of lines. A longer file is listed in {@link #LONG}. */
  private static final int LINES_USUAL = 400;

  /** Long files, each with the reason why it is not split. */
  private static final Map<String, String> LONG =
      Map.of(
          "ServerSettings", "the list of all settings, which is read from top to bottom",
          "Condition", "the statements of all conditions, which have the same form");

  /** Files that a library or a tool finds by convention, or whose names are built at runtime. */
  private static final Set<String> CONVENTIONAL =
      Set.of(
          "logback.xml",
          "logback-test.xml",
          "logback-json.xml",
          "logback-text.xml",
          ".npmrc",
          "package-lock.json");

  /** Files in these folders are named by {@code parent/folder} or {@code "folder/" + name}. */
  private static final Pattern FOLDERS =
      Pattern.compile("(?:.*/src/(?:.*/)?|(?=docs/adr/))([^/]+/((?!resources/)[^/]+))/[^/]+");

  private static final List<Source> SOURCES = sources("main");

  private record Source(String module, Path file, String text) {
    String name() {
      return file.getFileName().toString().replace(".java", "");
    }

    boolean contains(Pattern pattern) {
      return pattern.matcher(text).find();
    }

    @Override
    public String toString() {
      return Project.ROOT.relativize(file).toString();
    }
  }

  private static List<Source> sources(String kind) {
    List<Source> sources = new ArrayList<>();
    try (Stream<Path> modules = Files.list(Project.ROOT)) {
      for (Path module : modules.filter(m -> Files.exists(m.resolve("pom.xml"))).toList()) {
        Path root = module.resolve("src").resolve(kind).resolve("java");
        if (Files.isDirectory(root)) {
          try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
              String name = module.getFileName().toString();
              sources.add(new Source(name, file, Files.readString(file)));
            }
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return sources;
  }

  /** The sources that contain the pattern although they must not. */
  private static List<String> containing(String pattern, Predicate<Source> mayNot) {
    Pattern sought = Pattern.compile(pattern);
    return SOURCES.stream()
        .filter(mayNot)
        .filter(source -> source.contains(sought))
        .map(Source::toString)
        .toList();
  }

  private static Predicate<Source> outside(Set<String> modules, Set<String> classes) {
    return source -> !modules.contains(source.module()) && !classes.contains(source.name());
  }

  @Test
  void all_modules_are_checked() {
    assertThat(SOURCES.stream().map(Source::module))
        .contains("protocol", "postgres", "testkit", "server", "sdk", "cli");
  }

  @Test
  void time_comes_from_a_clock_that_a_test_can_step() {
    String clocks =
        "System\\.currentTimeMillis|\\bnew Date\\(\\)|Clock\\.system|InstantSource\\.system"
            + "|\\b(Instant|LocalDate|LocalDateTime|OffsetDateTime|ZonedDateTime)\\.now\\(";
    // These create clocks, or wait until a time that the server names (the SDK).
    Set<String> classes = Set.of("Server", "Administration", "SettableClock", "Transport");
    assertThat(containing(clocks, outside(Set.of("bench"), classes))).isEmpty();
  }

  @Test
  void sql_is_in_stores_and_queries() {
    String jdbc = "\\bjavax?\\.sql\\.";
    Predicate<Source> inServer =
        source ->
            source.module().equals("server")
                && !source.name().endsWith("Store")
                && !source.name().endsWith("Queries")
                && !source.file().getParent().endsWith(Path.of("server", "db"));
    // These have their own PostgreSQL; the command line explains database errors.
    Predicate<Source> elsewhere =
        outside(Set.of("server", "postgres", "testkit", "bench"), Set.of("Problems"));
    assertThat(containing(jdbc, inServer.or(elsewhere))).isEmpty();
  }

  @Test
  void code_waits_for_a_signal_instead_of_sleeping() {
    Predicate<Source> engine =
        source -> Set.of("protocol", "server", "testkit").contains(source.module());
    assertThat(
            containing("Thread\\.sleep", engine.and(outside(Set.of(), Set.of("Signals", "Await")))))
        .isEmpty();
  }

  @Test
  void no_test_of_this_module_sleeps() {
    Pattern sleep = Pattern.compile("Thread" + "\\.sleep");
    assertThat(
            sources("test").stream().filter(s -> s.module().equals("server") && s.contains(sleep)))
        .isEmpty();
  }

  @Test
  void no_todo_comment_is_left() {
    assertThat(containing("\\b(TODO|FIXME|XXX)\\b", source -> true)).isEmpty();
  }

  @Test
  void no_class_has_a_vague_name() {
    Pattern drawer = Pattern.compile(".*(Manager|Helper|Utils?|Impl|Service|Base)");
    assertThat(SOURCES.stream().map(Source::name).filter(drawer.asMatchPredicate())).isEmpty();
  }

  @Test
  void every_long_file_has_a_stated_reason() {
    List<String> longer =
        SOURCES.stream()
            .filter(source -> source.text().lines().count() > LINES_USUAL)
            .map(Source::name)
            .toList();
    assertThat(longer)
        .as("files of more than %s lines: split by ideas, or give the reason in LONG", LINES_USUAL)
        .containsExactlyInAnyOrderElementsOf(LONG.keySet());
  }

  @Test
  void every_file_is_used() {
    Map<Path, String> texts = new LinkedHashMap<>();
    for (Path file : Project.files(Project.ROOT)) {
      Path path = Project.ROOT.relativize(file);
      if (!path.toString().matches(".*[.](jar|png|class)")) {
        texts.put(path, Project.text(file));
      }
    }
    assertThat(dead(texts)).as("files that no other file names: delete them").isEmpty();
  }

  @Test
  void a_planted_unused_file_is_found() {
    Map<Path, String> texts =
        Map.of(
            Path.of("a/src/main/java/Used.java"), "class Used { Dead dead; }",
            Path.of("a/src/main/java/Dead.java"), "class Dead { Dead self; }",
            Path.of("a/src/main/java/Alone.java"), "class Alone extends Used { Alone self; }",
            Path.of("a/src/main/resources/x/db/one.sql"), "select 1",
            Path.of("a/src/main/resources/dead.sql"), "dead.sql",
            Path.of("a/src/test/java/SomeTest.java"), "load(\"db/\" + name)");
    assertThat(dead(texts))
        .containsExactlyInAnyOrder("a/src/main/java/Alone.java", "a/src/main/resources/dead.sql");
  }

  /**
   * Sources, resources and documents that no other file names, neither by class nor by file name
   * nor by folder.
   */
  private static List<String> dead(Map<Path, String> texts) {
    Map<String, Set<Path>> users = new HashMap<>();
    texts.forEach((path, text) -> {
      for (String word : text.split("\\W+")) {
        users.computeIfAbsent(word, w -> new HashSet<>()).add(path);
      }
    });
    List<String> dead = new ArrayList<>();
    for (Path path : texts.keySet()) {
      String name = path.getFileName().toString();
      boolean checked = path.toString().matches("(.*/src|docs|bin)/.*");
      if (checked
          && !name.matches(".*(Test|Benchmark)[.]java|package-info[.]java")
          && !isUsed(path, texts, users)) {
        dead.add(path.toString());
      }
    }
    return dead;
  }

  private static boolean isUsed(Path path, Map<Path, String> texts, Map<String, Set<Path>> users) {
    String name = path.getFileName().toString();
    if (CONVENTIONAL.contains(name)) {
      return true;
    }
    if (name.endsWith(".java")) {
      Set<Path> named = users.getOrDefault(name.replace(".java", ""), Set.of());
      return named.stream().anyMatch(user -> !user.equals(path));
    }
    List<String> names = new ArrayList<>(List.of(name));
    var folders = FOLDERS.matcher(path.toString());
    if (folders.matches()) {
      names.add(folders.group(1));
      names.add("\"" + folders.group(2) + "/");
    }
    return texts.entrySet().stream()
        .filter(text -> !text.getKey().equals(path))
        .anyMatch(text -> names.stream().anyMatch(text.getValue()::contains));
  }

  @Test
  void every_package_has_a_package_info() {
    // Benchmarks may be in the package whose internals they measure.
    Predicate<Source> guest =
        s -> s.module().equals("bench") && s.text().startsWith("package dev.fanfare.server");
    assertThat(
            SOURCES.stream()
                .filter(guest.negate())
                .map(source -> source.file().getParent())
                .distinct()
                .filter(folder -> !Files.exists(folder.resolve("package-info.java"))))
        .isEmpty();
  }
}
