package dev.fanfare.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.protocol.BatchStatus;
import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.config.Settings;
import dev.fanfare.server.config.Settings.Entry;
import dev.fanfare.server.http.Access;
import dev.fanfare.server.http.Route;
import dev.fanfare.testkit.JavaLiterals;
import dev.fanfare.testkit.JavaLiterals.Literal;
import dev.fanfare.testkit.MarkdownTable;
import dev.fanfare.testkit.Project;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code docs/reference} leaves nothing out and makes nothing up: routes, settings with their
 * defaults, states, codes and texts of errors. {@code OpenApiTest} does the same for the OpenAPI
 * document.
 */
class ReferenceCoverageTest {
  private static final Path PAGES = Project.ROOT.resolve("docs/reference");
  private static final Path SERVER = Project.ROOT.resolve("server/src/main/java");
  private static final Pattern ROUTE =
      Pattern.compile("\\b(GET|POST|PUT|DELETE|PATCH) (/[^\\s`|),]*)");
  private static final Pattern SETTING = Pattern.compile("`(FANFARE_[A-Z_]+)`");

  /** Not called by people: the server makes these URLs and signs them. */
  private static final List<String> PRESIGNED = List.of("GET /packets/{}/{}", "PUT /packets/{}/{}");

  /** The calls that take the text of an error. */
  private static final List<String> ERRORS =
      List.of(
          "new HttpError",
          "Response.error",
          "Response.problem",
          "Refusal.invalid",
          "Refusal.notFound",
          "Refusal.gone",
          "Refusal.tooLarge",
          "Refusal.unprocessable");

  /** Defaults that depend on the machine or the command, and that the page tells in words. */
  private static final Set<String> IN_WORDS =
      Set.of(
          "FANFARE_BATCH_BODY_BYTES_MAX",
          "FANFARE_BODIES_IN_FLIGHT_BYTES_MAX",
          "FANFARE_CONNECTIONS_MAX",
          "FANFARE_LOG_LEVEL",
          "FANFARE_REPORT_BODY_BYTES_MAX",
          "FANFARE_STREAMED_BATCH_ITEMS_MAX");

  @TempDir private static Path empty;

  @Test
  void every_route_is_described_and_every_route_described_exists() throws IOException {
    TreeSet<String> routes = new TreeSet<>();
    try (TestServer server = TestServer.start()) {
      server.server.routes().forEach(r -> routes.add(withoutNames(r.method() + " " + r.path())));
    }
    assertThat(routes(reference()))
        .as("routes in docs/reference, compared with those of the server")
        .containsAll(routes.stream().filter(r -> !PRESIGNED.contains(r)).toList())
        .isSubsetOf(routes);
    assertThat(routes).containsAll(PRESIGNED);
  }

  @Test
  void the_table_of_routes_names_the_credentials_of_each_route() throws IOException {
    List<List<String>> table =
        MarkdownTable.in(
                Project.text(PAGES.resolve("authentication.md")),
                "Route",
                "Secret key",
                "Token with")
            .getFirst()
            .rows();
    List<String> wrong = new ArrayList<>();
    try (TestServer server = TestServer.start()) {
      for (Route route : server.server.routes()) {
        if (route.access().kind() != Access.Kind.PRESIGNED) {
          wrongCredentials(route, table).ifPresent(wrong::add);
        }
      }
    }
    assertThat(wrong).as("routes, compared with the table in authentication.md").isEmpty();
  }

  @Test
  void every_setting_is_described_with_its_default() {
    Map<String, String> described = settings(Project.text(PAGES.resolve("settings.md")));
    Map<String, String> defaults = new TreeMap<>();
    for (Entry entry : Settings.read(Map.of(), empty).entries()) {
      boolean inWords = entry.value().startsWith("(") || IN_WORDS.contains(entry.name());
      String words = described.getOrDefault(entry.name(), "in words");
      defaults.put(entry.name(), inWords ? words : entry.value());
    }
    assertThat(described)
        .as("settings.md, compared with the settings and defaults of the server")
        .isEqualTo(defaults);
  }

  @Test
  void every_state_of_runs_and_batches_is_described() {
    String runs = Project.text(PAGES.resolve("runs.md"));
    String lifecycle = Project.text("docs/run-lifecycle.md");
    String batches = Project.text(PAGES.resolve("batches.md"));
    assertThat(missing(names(RunStatus.values()), runs)).as("states missing in runs.md").isEmpty();
    assertThat(missing(names(RunStatus.values()), lifecycle))
        .as("states missing in run-lifecycle.md")
        .isEmpty();
    assertThat(missing(names(BatchStatus.values()), batches))
        .as("states missing in batches.md")
        .isEmpty();
  }

  @Test
  void every_code_that_fanfare_writes_is_described() throws IllegalAccessException {
    TreeSet<String> codes = new TreeSet<>();
    for (Field field : RunError.Codes.class.getFields()) {
      if (Modifier.isStatic(field.getModifiers())) {
        codes.add((String) field.get(null));
      }
    }
    TreeSet<String> described = new TreeSet<>();
    for (List<String> row :
        MarkdownTable.in(Project.text(PAGES.resolve("errors.md")), "Code", "State")
            .getFirst()
            .rows()) {
      described.add(row.getFirst().replace("`", ""));
    }
    assertThat(described).as("codes in errors.md").containsAll(codes);
  }

  @Test
  void every_text_of_an_error_is_described() {
    List<String> wrong = new ArrayList<>();
    for (Path source : Project.files(SERVER, ".java")) {
      undescribed(Project.text(source), reference())
          .forEach(text -> wrong.add(source.getFileName() + ": " + text));
    }
    assertThat(wrong).as("texts of errors that docs/reference does not have").isEmpty();
  }

  @Test
  void planted_gaps_are_found() {
    assertThat(routes("`GET /a/{run}` and POST /b/{c}/d, `GET /health/…`, GET /a/{x*}"))
        .containsExactly("GET /a/{}", "POST /b/{}/d");
    List<List<String>> table =
        List.of(List.of("`GET /a/{b}`", "yes", "no"), List.of("`/a/…`", "yes", "`read:a`"));
    assertThat(wrongCredentials(new Route("GET", "/a/{x}", Access.key(), x -> null), table))
        .isEmpty();
    assertThat(wrongCredentials(new Route("PUT", "/a/{x}", Access.key(), x -> null), table))
        .isPresent();
    assertThat(wrongCredentials(new Route("GET", "/c", Access.key(), x -> null), table))
        .isPresent();
    assertThat(settings("| Setting | Default |\n|---|---|\n| `FANFARE_A`, `FANFARE_B` | `1` |\n"))
        .isEqualTo(Map.of("FANFARE_A", "1", "FANFARE_B", "1"));
    assertThat(missing(List.of("ABORTED", "LOST"), "`ABORTED` and LOST_AND_FOUND"))
        .containsExactly("LOST");
    String source =
        """
        new HttpError(400, "Too many of \\"%s\\". Take fewer" + n + " than now, "
            + "please");
        Response.error(503, "Not written down");
        log("Not an error");
        """;
    assertThat(undescribed(source, "`Too many of \"x\". Take fewer` … than now, please"))
        .containsExactly("Not written down");
  }

  private static String reference() {
    return String.join("\n", Project.files(PAGES, ".md").stream().map(Project::text).toList());
  }

  private static String withoutNames(String route) {
    return route.replaceAll("\\{[^}]*}", "{}");
  }

  /** What the first row that covers a route says wrongly about it, or that no row covers it. */
  private static Optional<String> wrongCredentials(Route route, List<List<String>> table) {
    String name = withoutNames(route.method() + " " + route.path());
    Optional<List<String>> row =
        table.stream().filter(cells -> covers(cells.getFirst(), name)).findFirst();
    if (row.isEmpty()) {
      return Optional.of(name + ": no row");
    }
    String key = row.get().get(1);
    String token = row.get().get(2);
    Access access = route.access();
    boolean right =
        key.equals(access.takesCredentials() ? "yes" : "open")
            && (token.startsWith("see ") || access.takesTokens() == token.startsWith("`"));
    return right ? Optional.empty() : Optional.of(name + ": " + row.get());
  }

  private static boolean covers(String cell, String route) {
    return Pattern.compile("`((?:[A-Z]+ )?)(/[^`]*)`")
        .matcher(cell)
        .results()
        .anyMatch(match -> {
          String path = Pattern.quote(withoutNames(match.group(2))).replace("…", "\\E.*\\Q");
          return route.matches((match.group(1).isEmpty() ? "[A-Z]+ " : match.group(1)) + path);
        });
  }

  private static TreeSet<String> routes(String pages) {
    TreeSet<String> routes = new TreeSet<>();
    ROUTE
        .matcher(pages)
        .results()
        .filter(match -> !match.group(2).contains("…") && !match.group(2).contains("$"))
        .forEach(match -> routes.add(withoutNames(match.group())));
    return routes;
  }

  private static Map<String, String> settings(String page) {
    Map<String, String> settings = new TreeMap<>();
    for (MarkdownTable table : MarkdownTable.in(page, "Setting", "Default")) {
      for (List<String> row : table.rows()) {
        SETTING
            .matcher(row.getFirst())
            .results()
            .forEach(name -> settings.put(name.group(1), row.get(1).replace("`", "")));
      }
    }
    return settings;
  }

  private static List<String> names(Enum<?>[] values) {
    return Arrays.stream(values).map(Enum::name).toList();
  }

  private static List<String> missing(List<String> words, String page) {
    return words.stream()
        .filter(word -> !Pattern.compile("\\b" + word + "\\b").matcher(page).find())
        .toList();
  }

  /** The texts of errors in a source, without their variable parts, that no page has. */
  private static List<String> undescribed(String source, String pages) {
    String known = words(pages);
    return ERRORS.stream()
        .flatMap(call -> JavaLiterals.inCallsOf(call, source).stream())
        .map(Literal::text)
        .flatMap(text -> Stream.of(text.split("%[sd]")))
        .map(ReferenceCoverageTest::words)
        .filter(text -> text.contains(" ") && !known.contains(text))
        .distinct()
        .toList();
  }

  private static String words(String text) {
    return text.replace("\\\"", "\"").replace("`", "").replaceAll("\\s+", " ").strip();
  }
}
