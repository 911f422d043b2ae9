package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Checks {@code docs/behaviours.md} against the tests. Every ticked line must name at least one
 * test as {@code Class.method}; every named test must exist in some module, and its name must
 * contain the line's id.
 */
class BehavioursTest {
  private static final Path ROOT = Path.of("..");
  private static final Pattern LINE =
      Pattern.compile("(?m)^- \\[([ x])] \\*\\*([A-Z]{3}-\\d\\d)\\*\\* (.+)$");
  private static final Pattern TEST = Pattern.compile("`(\\w+Test)\\.(\\w+)`");

  private record Line(boolean ticked, String id, String text) {}

  @Test
  void every_ticked_line_names_tests_that_exist() throws IOException {
    Map<String, String> sources = testSources();
    List<String> wrong = new ArrayList<>();
    for (Line line : lines()) {
      List<MatchResult> tests = TEST.matcher(line.text).results().toList();
      if (line.ticked && tests.isEmpty()) {
        wrong.add(line.id + " is ticked and names no test");
      }
      for (MatchResult test : tests) {
        String source = sources.getOrDefault(test.group(1), "");
        if (!Pattern.compile("\\b" + test.group(2) + "\\(").matcher(source).find()) {
          wrong.add(line.id + " names " + test.group() + ", which does not exist");
        }
        if (!test.group(2).contains(line.id.replace('-', '_') + "_")) {
          wrong.add(line.id + " names " + test.group() + ", whose name does not");
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void every_behavior_has_one_line() throws IOException {
    assertThat(lines()).extracting(Line::id).isNotEmpty().doesNotHaveDuplicates();
  }

  private static List<Line> lines() throws IOException {
    return LINE.matcher(Files.readString(ROOT.resolve("docs/behaviours.md")))
        .results()
        .map(line -> new Line(line.group(1).equals("x"), line.group(2), line.group(3)))
        .toList();
  }

  /** The test classes of all modules, by their simple names. */
  private static Map<String, String> testSources() throws IOException {
    Map<String, String> sources = new HashMap<>();
    for (Path module : list(ROOT)) {
      Path tests = module.resolve("src/test/java");
      if (Files.isDirectory(tests)) {
        try (Stream<Path> files = Files.walk(tests)) {
          for (Path file : files.filter(f -> f.toString().endsWith("Test.java")).toList()) {
            String name = file.getFileName().toString();
            sources.merge(
                name.substring(0, name.length() - ".java".length()),
                Files.readString(file),
                String::concat);
          }
        }
      }
    }
    return sources;
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.toList();
    }
  }
}
