package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.testkit.Project;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Hygiene that no compiler sees, over the sources of every module. */
class TidyTest {
  private static final int LINES_MAX = 400;
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

  /** The sources that contain the pattern although they may not. */
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
  void all_modules_are_looked_at() {
    assertThat(SOURCES.stream().map(Source::module))
        .contains("protocol", "postgres", "testkit", "server", "sdk", "cli");
  }

  @Test
  void time_comes_from_a_clock_that_a_test_can_step() {
    String clocks =
        "System\\.currentTimeMillis|\\bnew Date\\(\\)|Clock\\.system|InstantSource\\.system"
            + "|\\b(Instant|LocalDate|LocalDateTime|OffsetDateTime|ZonedDateTime)\\.now\\(";
    // Where clocks begin, and the SDK's wait for the time that a server names.
    Set<String> classes = Set.of("Server", "Administration", "SettableClock", "Transport");
    assertThat(containing(clocks, outside(Set.of("bench"), classes))).isEmpty();
  }

  @Test
  void sql_is_in_stores_and_queries() {
    String jdbc = "\\bjavax?\\.sql\\.";
    Predicate<Source> room =
        source ->
            source.module().equals("server")
                && !source.name().endsWith("Store")
                && !source.name().endsWith("Queries")
                && !source.file().getParent().endsWith(Path.of("server", "db"));
    // These talk to a PostgreSQL of their own; the command line puts its failures into words.
    Predicate<Source> beside =
        outside(Set.of("server", "postgres", "testkit", "bench"), Set.of("Problems"));
    assertThat(containing(jdbc, room.or(beside))).isEmpty();
  }

  @Test
  void nobody_sleeps_who_could_wait_for_a_signal() {
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
  void no_note_is_left_behind() {
    assertThat(containing("\\b(TODO|FIXME|XXX)\\b", source -> true)).isEmpty();
  }

  @Test
  void every_class_has_found_its_name() {
    Pattern drawer = Pattern.compile(".*(Manager|Helper|Utils?|Impl|Service|Base)");
    assertThat(SOURCES.stream().map(Source::name).filter(drawer.asMatchPredicate())).isEmpty();
  }

  @Test
  void no_file_is_longer_than_a_person_reads_in_one_go() {
    assertThat(SOURCES.stream().filter(s -> s.text().lines().count() >= LINES_MAX)).isEmpty();
  }

  @Test
  void every_package_explains_itself() {
    // Benchmarks may stand in the package whose insides they measure.
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
