package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.testkit.Project;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Links in documents resolve, and everything that documents name in backticks exists: types,
 * members, files and make targets. Links in Javadoc are checked by javac.
 */
class DocumentLinksTest {
  private static final Pattern FENCE = Pattern.compile("(?ms)^ *```.*?^ *```$");
  private static final Pattern LINK = Pattern.compile("\\[[^\\]]*]\\(([^)\\s]+)\\)");
  private static final Pattern DEFINITION = Pattern.compile("(?m)^\\[([^\\]]+)]: (\\S+)");
  private static final Pattern REFERENCE = Pattern.compile("\\[[^\\]]+]\\[([^\\]]+)]");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.+)$");
  private static final Pattern CODE = Pattern.compile("`([^`\n]+)`");
  private static final Pattern JAVADOC_CODE = Pattern.compile("\\{@code ([^}]+)}");
  private static final Pattern NAME =
      Pattern.compile("(?:([a-z]+)[/.])?([A-Z][a-z]\\w*)(?:\\.(\\w+))?(?:\\(.*\\))?");
  private static final Pattern MEMBER =
      Pattern.compile("(?:\\w+\\.)?([a-z]+[A-Z]\\w*)(?:\\(.*\\))?");
  private static final Pattern MAKE = Pattern.compile("(?m)(?:`|^)make ([a-z]+)");
  private static final Pattern TARGET = Pattern.compile("(?m)^([a-z]+):");
  private static final Pattern DECLARED =
      Pattern.compile("\\b(?:class|interface|record|enum) ([A-Z]\\w*)");

  /** External names: of HTTP, the JDK, systemd and the TypeScript SDK. */
  private static final Set<String> OUTSIDE =
      Set.of(
          "Allow",
          "Authorization",
          "Bearer",
          "Host",
          "KiB",
          "MiB",
          "GiB",
          "TimeoutStopSec",
          "Optional",
          "Duration",
          "IllegalArgumentException",
          "InstantSource",
          "AndWait",
          "dependentAttempt",
          "AuthenticationError",
          "BadRequestError",
          "BatchTriggerError",
          "NotFoundError",
          "PermissionDeniedError",
          "RateLimitError",
          "UnprocessableEntityError");

  /** Paths that begin like a folder of the project, but are in the data folder of a server. */
  private static final Set<String> PATHS_OUTSIDE =
      Set.of(
          "postgres/data",
          "postgres/password",
          "postgres/postgresql.conf",
          "postgres/postgres.log");

  /** Each declared type, with the text of the sources that declare it. */
  private static final Map<String, String> TYPES = types();

  /** Every word of the sources and of the checks of the TypeScript SDK. */
  private static final Set<String> WORDS = words();

  private static final List<Path> DOCUMENTS = Project.files(Project.ROOT, ".md");

  private static Map<String, String> types() {
    Map<String, String> types = new HashMap<>();
    for (Path file : Project.files(Project.ROOT, ".java")) {
      String source = Project.text(file);
      DECLARED
          .matcher(source)
          .results()
          .forEach(declared -> types.merge(declared.group(1), source, String::concat));
    }
    return types;
  }

  private static Set<String> words() {
    Set<String> words = new HashSet<>();
    for (Path file : Project.files(Project.ROOT)) {
      if (file.toString().matches(".*\\.(java|json|mjs|ts)")
          && !file.endsWith("DocumentLinksTest.java")) {
        words.addAll(Arrays.asList(Project.text(file).split("\\W+")));
      }
    }
    return words;
  }

  @Test
  void every_link_and_anchor_in_a_document_resolves() {
    List<String> wrong = new ArrayList<>();
    DOCUMENTS.forEach(page -> wrong.addAll(brokenLinks(page, Project.text(page))));
    assertThat(DOCUMENTS).hasSizeGreaterThan(20);
    assertThat(wrong).isEmpty();
  }

  @Test
  void every_type_file_and_target_that_a_document_names_exists() {
    List<String> wrong = new ArrayList<>();
    DOCUMENTS.forEach(page -> wrong.addAll(missingNames(page, Project.text(page))));
    for (Path file : Project.files(Project.ROOT, "package-info.java")) {
      String codes =
          JAVADOC_CODE
              .matcher(Project.text(file).replaceAll("\\s+\\*?\\s*", " "))
              .replaceAll("`$1`");
      wrong.addAll(missingNames(file, codes));
    }
    assertThat(wrong)
        .as("names in documents and package-info: correct them, or list them in OUTSIDE")
        .isEmpty();
  }

  @Test
  void every_file_of_the_project_that_javadoc_names_exists() {
    List<String> wrong = new ArrayList<>();
    for (Path file : Project.files(Project.ROOT, ".java")) {
      JAVADOC_CODE
          .matcher(Project.text(file).replaceAll("\\s+\\*?\\s*", " "))
          .results()
          .map(code -> code.group(1))
          .filter(DocumentLinksTest::isMissingFile)
          .forEach(code -> wrong.add(Project.ROOT.relativize(file) + " names " + code));
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void every_external_name_is_still_used_and_still_external() {
    List<Path> naming = new ArrayList<>(DOCUMENTS);
    naming.addAll(Project.files(Project.ROOT, "package-info.java"));
    String pages = String.join("\n", naming.stream().map(Project::text).toList());
    assertThat(OUTSIDE).allMatch(pages::contains).noneMatch(TYPES::containsKey);
    assertThat(PATHS_OUTSIDE).allMatch(pages::contains);
  }

  @Test
  void a_planted_broken_link_is_found() {
    String page =
        """
        # Some `code`, and more
        [good](../README.md) [good](#some-code-and-more) [good](ARCHITECTURE.md#laws)
        [gone](nowhere.md) [bad](#nothing) [bad](ARCHITECTURE.md#nothing) [web](https://a.b)
        [text][known] [text][unknown] `filter[a][b]`

        [known]: ../docs
        [lost]: ../nowhere
        ```
        [not](a-link.md)
        ```
        """;
    assertThat(brokenLinks(Project.ROOT.resolve("docs/Planted.md"), page))
        .containsExactlyInAnyOrder(
            "docs/Planted.md links nowhere.md, which does not exist",
            "docs/Planted.md links #nothing, which is no heading there",
            "docs/Planted.md links ARCHITECTURE.md#nothing, which is no heading there",
            "docs/Planted.md links [unknown], which it does not define",
            "docs/Planted.md links ../nowhere, which does not exist");
  }

  @Test
  void a_planted_stale_name_is_found() {
    String page =
        """
        `Server` `Server.start` `Server.start(config)` `NoSuchType` `Server.noSuchMember`
        `docs/ARCHITECTURE.md` `docs/NOWHERE.md` `bin/fanfare dev` `make test` `make nothing`
        `FANFARE_PORT` `run/RunStore` `nowhere/RunStore` `component.Sweep` `nowhere.Sweep` `a-header` `COMPLETED`
        `server.routes()` `authenticator.noSuchMethod`
        """;
    assertThat(missingNames(Project.ROOT.resolve("docs/Planted.md"), page))
        .containsExactlyInAnyOrder(
            "docs/Planted.md names NoSuchType, which no source declares",
            "docs/Planted.md names Server.noSuchMember, which its type does not have",
            "docs/Planted.md names docs/NOWHERE.md, which does not exist",
            "docs/Planted.md names nowhere/RunStore, which no source declares",
            "docs/Planted.md names nowhere.Sweep, which no source declares",
            "docs/Planted.md names authenticator.noSuchMethod, which no source has",
            "docs/Planted.md names make nothing, which the Makefile does not have");
  }

  private static List<String> brokenLinks(Path page, String text) {
    String prose = CODE.matcher(FENCE.matcher(text).replaceAll("")).replaceAll("``");
    Set<String> defined = new TreeSet<>();
    List<String> wrong = new ArrayList<>();
    String name = Project.ROOT.relativize(page) + " links ";
    DEFINITION.matcher(prose).results().forEach(match -> defined.add(match.group(1)));
    Stream.concat(
            LINK.matcher(prose).results().map(match -> match.group(1)),
            DEFINITION.matcher(prose).results().map(match -> match.group(2)))
        .filter(target -> !target.matches("[a-z]+:.*"))
        .forEach(target -> {
          int hash = target.indexOf('#');
          String path = hash < 0 ? target : target.substring(0, hash);
          Path file = path.isEmpty() ? page : page.resolveSibling(path).normalize();
          if (!file.equals(page) && !Files.exists(file)) {
            wrong.add(name + target + ", which does not exist");
          } else if (hash >= 0) {
            String there = file.equals(page) ? text : Project.text(file);
            if (!anchors(there).contains(target.substring(hash + 1))) {
              wrong.add(name + target + ", which is no heading there");
            }
          }
        });
    REFERENCE
        .matcher(prose)
        .results()
        .map(match -> match.group(1))
        .filter(label -> !defined.contains(label))
        .forEach(label -> wrong.add(name + "[" + label + "], which it does not define"));
    return wrong;
  }

  /** The anchors of the headings, as git hosts generate them. */
  private static Set<String> anchors(String text) {
    Set<String> anchors = new TreeSet<>();
    for (MatchResult heading :
        HEADING.matcher(FENCE.matcher(text).replaceAll("")).results().toList()) {
      String words = heading.group(1).replaceAll("\\[([^\\]]*)]\\([^)]*\\)", "$1").toLowerCase();
      String anchor = words.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-');
      String unique = anchor;
      for (int n = 1; !anchors.add(unique); n++) {
        unique = anchor + "-" + n;
      }
    }
    return anchors;
  }

  private static List<String> missingNames(Path page, String text) {
    String name = Project.ROOT.relativize(page) + " names ";
    Set<String> targets = new TreeSet<>();
    TARGET.matcher(Project.text("Makefile")).results().forEach(t -> targets.add(t.group(1)));
    List<String> wrong = new ArrayList<>();
    for (MatchResult code : CODE.matcher(FENCE.matcher(text).replaceAll("")).results().toList()) {
      String words = code.group(1);
      var type = NAME.matcher(words);
      var member = MEMBER.matcher(words);
      if (type.matches()) {
        String why = whyMissing(type.toMatchResult());
        if (!why.isEmpty()) {
          wrong.add(name + words + why);
        }
      } else if (member.matches()
          && !(WORDS.contains(member.group(1)) || OUTSIDE.contains(member.group(1)))) {
        wrong.add(name + words + ", which no source has");
      } else if (isMissingFile(words)) {
        wrong.add(name + words + ", which does not exist");
      }
    }
    MAKE.matcher(text)
        .results()
        .filter(match -> !targets.contains(match.group(1)))
        .forEach(match ->
            wrong.add(name + "make " + match.group(1) + ", which the Makefile does not have"));
    return wrong;
  }

  private static String whyMissing(MatchResult name) {
    String source = TYPES.getOrDefault(name.group(2), "");
    if (OUTSIDE.contains(name.group(2))) {
      return "";
    }
    boolean elsewhere =
        name.group(1) != null
            && !Pattern.compile("package [\\w.]*\\b" + name.group(1) + ";").matcher(source).find();
    if (source.isEmpty() || elsewhere) {
      return ", which no source declares";
    }
    boolean member =
        name.group(3) == null
            || Pattern.compile("\\b" + name.group(3) + "\\b").matcher(source).find();
    return member ? "" : ", which its type does not have";
  }

  /** Whether the text looks like a path from the root that does not exist. */
  private static boolean isMissingFile(String words) {
    String path = words.split(" ", 2)[0];
    int slash = path.indexOf('/');
    return slash > 0
        && !path.matches("target/.*|.*(…|\\*|<|NNNN|/target/|/node_modules|\\{).*")
        && !PATHS_OUTSIDE.contains(path)
        && Files.exists(Project.ROOT.resolve(path.substring(0, slash)))
        && !Files.exists(Project.ROOT.resolve(path));
  }
}
