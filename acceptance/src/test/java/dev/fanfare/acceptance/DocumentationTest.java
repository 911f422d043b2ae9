package dev.fanfare.acceptance;

import static dev.fanfare.server.config.ServerSettings.DATABASE_URL;
import static dev.fanfare.server.config.ServerSettings.HOME;
import static dev.fanfare.server.config.ServerSettings.PORT;
import static java.lang.Integer.parseInt;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fanfare.examples.DemoTasks;
import dev.fanfare.protocol.WireJson;
import dev.fanfare.sdk.Fanfare;
import dev.fanfare.sdk.Worker;
import dev.fanfare.server.Server;
import dev.fanfare.server.config.DatabaseUrl;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.testkit.TestDatabase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Runs every example in {@code docs/reference} against a real server, and compares its output with
 * the block that follows it. Fences named {@code bash}, {@code java} and {@code typescript} are
 * examples. A {@code json} or {@code text} fence directly after one is its expected output, except
 * for ids and times. If an example prints several JSON values, the last one counts.
 */
class DocumentationTest {
  /** A line of the log, which may be about the runs of an earlier example. */
  private static final Pattern LOG_LINE =
      Pattern.compile("^[0-9:.]{12} (INFO|WARN) .*\\R", Pattern.MULTILINE);

  private static final Path PAGES = Path.of("..", "docs", "reference");
  private static final Pattern FENCE = Pattern.compile("(?ms)^```(\\w+)\\n(.*?)^```$");
  private static final Pattern ID = Pattern.compile("(run|batch)_[0-9a-z]{25}");
  private static final Pattern TIME =
      Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z");

  private static final TestDatabase database = TestDatabase.create();
  @TempDir private static Path folder;
  private static Server server;
  private static Fanfare fanfare;
  private static Worker worker;

  /** An example; {@code printedAs} is empty if its output is not checked. */
  private record Example(
      String name, String language, String code, String printedAs, String printed) {}

  @BeforeAll
  static void start() {
    server =
        Server.start(
            ServerConfig.defaults()
                .with(PORT, 0)
                .with(HOME, folder.resolve("home"))
                .with(
                    DATABASE_URL,
                    new DatabaseUrl(database.jdbcUrl(), database.user(), database.password())));
    fanfare =
        Fanfare.builder().url(server.url().toString()).secretKey(server.developmentKey()).build();
    worker = Worker.builder(fanfare).tasks(DemoTasks.all()).start();
  }

  @AfterAll
  static void stop() {
    worker.close();
    server.close();
    database.close();
  }

  @TestFactory
  Stream<DynamicTest> examples_print_what_is_documented() throws IOException {
    try (Stream<Path> pages = Files.list(PAGES)) {
      List<Example> examples = new ArrayList<>();
      for (Path page : pages.filter(p -> p.toString().endsWith(".md")).sorted().toList()) {
        examples.addAll(examples(page));
      }
      assertThat(examples).isNotEmpty();
      return examples.stream().map(e -> DynamicTest.dynamicTest(e.name, () -> check(e)));
    }
  }

  private static List<Example> examples(Path page) throws IOException {
    String text = Files.readString(page);
    List<Example> examples = new ArrayList<>();
    List<MatchResult> fences = FENCE.matcher(text).results().toList();
    for (int i = 0; i < fences.size(); i++) {
      MatchResult fence = fences.get(i);
      MatchResult next = fences.get(Math.min(i + 1, fences.size() - 1));
      boolean printed = List.of("json", "text").contains(next.group(1));
      if (List.of("bash", "java", "typescript").contains(fence.group(1))) {
        long line = text.substring(0, fence.start()).lines().count() + 1;
        examples.add(
            new Example(
                "%s:%d %s".formatted(page, line, fence.group(1)),
                fence.group(1),
                fence.group(2),
                printed ? next.group(1) : "",
                next.group(2)));
      }
    }
    return examples;
  }

  private static void check(Example example) throws Exception {
    String printed =
        switch (example.language) {
          case "bash" -> {
            assumeTrue(has("curl"), "There is no curl on the PATH, so this example was not run");
            yield run("sh", "-ec", example.code);
          }
          case "typescript" -> {
            assumeTrue(
                has("node")
                    && parseInt(run("node", "-p", "process.versions.node").split("\\.")[0]) >= 18,
                "There is no Node.js 18 or later on the PATH, so this example was not run");
            Path file = Files.writeString(folder.resolve("example.mjs"), example.code);
            yield run("node", file.toString());
          }
          default -> runJava(example.code);
        };
    if (!example.printedAs.isEmpty()) {
      assertThat(shape(example.printedAs, printed))
          .as("printed:%n%s", printed)
          .isEqualTo(shape(example.printedAs, example.printed));
    }
  }

  private static boolean has(String program) {
    return Stream.of(System.getenv("PATH").split(java.io.File.pathSeparator))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }

  private static String run(String... command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("FANFARE_URL", server.url().toString());
    builder.environment().put("FANFARE_SECRET_KEY", server.developmentKey());
    Process process = builder.start();
    process.getOutputStream().close();
    String printed = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    return printed;
  }

  /** Compiles the block inside a method, runs it, and captures its output. */
  private static String runJava(String code) throws Exception {
    Path sources = Files.createTempDirectory(folder, "java");
    Path source = sources.resolve("Example.java");
    Files.writeString(
        source,
        """
        import static dev.fanfare.sdk.TriggerOptions.options;
        import dev.fanfare.protocol.*;
        import dev.fanfare.sdk.*;
        import java.time.*;
        import java.util.*;
        public class Example {
          public static void run(Fanfare fanfare) throws Exception {
        %s
          }
        }
        """
            .formatted(code));
    ByteArrayOutputStream messages = new ByteArrayOutputStream();
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                messages,
                messages,
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                sources.toString(),
                source.toString());
    assertThat(status).as(messages.toString(UTF_8)).isZero();
    PrintStream before = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {sources.toUri().toURL()})) {
      System.setOut(new PrintStream(printed, true, UTF_8));
      loader.loadClass("Example").getMethod("run", Fanfare.class).invoke(null, fanfare);
    } finally {
      System.setOut(before);
    }
    return LOG_LINE.matcher(printed.toString(UTF_8)).replaceAll("");
  }

  /** Normalizes an output: replaces times, and ids by their kind and order. */
  private static Object shape(String language, String text) {
    Map<String, String> ids = new HashMap<>();
    if (language.equals("json")) {
      return shape(lastJson(text), ids);
    }
    return text.lines()
        .map(line -> line.startsWith("{") ? shape(lastJson(line), ids) : shape(line, ids))
        .toList();
  }

  private static JsonNode lastJson(String text) {
    try (var values = WireJson.mapper().readerFor(JsonNode.class).readValues(text)) {
      JsonNode last = null;
      while (values.hasNextValue()) {
        last = (JsonNode) values.nextValue();
      }
      return last;
    } catch (JacksonException e) {
      return fail("Not JSON: " + text, e);
    }
  }

  private static Object shape(JsonNode node, Map<String, String> ids) {
    if (node.isObject()) {
      Map<String, Object> fields = new TreeMap<>();
      for (String name : node.propertyNames().stream().sorted().toList()) {
        boolean measured = name.endsWith("Ms") && node.get(name).isNumber();
        fields.put(name, measured ? "a number" : shape(node.get(name), ids));
      }
      return fields;
    }
    if (node.isArray()) {
      return node.valueStream().map(element -> shape(element, ids)).toList();
    }
    return node.isString() ? shape(node.stringValue(), ids) : node.toString();
  }

  /** Replaces each id by its kind and the order of its first appearance. */
  private static String shape(String text, Map<String, String> ids) {
    String timeless = TIME.matcher(text).replaceAll("a time");
    return ID.matcher(timeless)
        .replaceAll(
            id -> ids.computeIfAbsent(id.group(), absent -> id.group(1) + "#" + (ids.size() + 1)));
  }
}
