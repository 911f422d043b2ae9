package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.testkit.MarkdownTable;
import dev.fanfare.testkit.Project;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Compares {@code docs/ARCHITECTURE.md}, and the tables that each {@code package-info} names, with
 * the schema, the sweeps and the {@link Layout}.
 */
class ArchitectureDocTest {
  private static final String PAGE = Project.text("docs/ARCHITECTURE.md");
  private static final Pattern CODE = Pattern.compile("`(\\w+)`");
  private static final Pattern INTERVAL = Pattern.compile("(\\d+) (ms|s|min)\\b.*");
  private static final Pattern OWNS = Pattern.compile("\\bOwns (?!no table)([^.]*)\\.");
  private static final Pattern JAVADOC_CODE = Pattern.compile("\\{@code (\\w+)}");
  private static final Pattern DRAWN = Pattern.compile("(?m)^(?: \\* )?(\\d+)  +(\\S.*)$");

  @Test
  void the_page_names_every_table_and_its_owner() {
    Map<String, String> owners = new TreeMap<>();
    Layout.TABLES.forEach((room, tables) -> tables.forEach(table -> owners.put(table, room)));
    assertThat(tables(PAGE))
        .as("tables of ARCHITECTURE.md with their owners, compared with Layout.TABLES")
        .isEqualTo(owners);
  }

  @Test
  void the_page_says_of_every_table_what_bounds_it() {
    List<String> bounded = new ArrayList<>();
    for (List<String> row : MarkdownTable.in(PAGE, "Table", "Bounded by").getFirst().rows()) {
      bounded.addAll(codes(row.getFirst()));
      assertThat(row.get(1)).as(row.getFirst()).isNotBlank();
    }
    assertThat(bounded)
        .as("the table of bounds in ARCHITECTURE.md, compared with schema.sql")
        .containsExactlyInAnyOrderElementsOf(Layout.schemaTables());
  }

  @Test
  void the_page_names_every_sweep_and_its_interval() {
    Map<String, Duration> intervals = new TreeMap<>();
    try (Engine engine = Engine.start()) {
      for (Sweep sweep : engine.components.sweeps()) {
        intervals.put(sweep.getClass().getSimpleName(), sweep.interval());
      }
    }
    assertThat(sweeps(PAGE))
        .as("the table of sweeps in ARCHITECTURE.md, compared with those that the server runs")
        .isEqualTo(intervals);
    assertThat(intervals.keySet())
        .as("the sweeps that the server runs, compared with the classes that are sweeps")
        .isEqualTo(sweepClasses());
  }

  @Test
  void the_drawn_layers_match_the_layout() {
    assertThat(layers(PAGE)).as("ARCHITECTURE.md, Rooms").isEqualTo(new TreeMap<>(Layout.LAYERS));
    assertThat(layers(Project.text(Layout.SOURCES.resolve("package-info.java"))))
        .as("package-info of the server")
        .isEqualTo(new TreeMap<>(Layout.LAYERS));
  }

  @Test
  void every_package_info_names_the_tables_it_owns() {
    Map<String, TreeSet<String>> said = new TreeMap<>();
    Map<String, TreeSet<String>> owned = new TreeMap<>();
    for (Path file : Project.files(Layout.SOURCES, "package-info.java")) {
      String room = Layout.room(file);
      TreeSet<String> tables = owned(Project.text(file));
      if (!tables.isEmpty()) {
        said.computeIfAbsent(room, r -> new TreeSet<>()).addAll(tables);
      }
    }
    Layout.TABLES.forEach((room, tables) -> owned.put(room, new TreeSet<>(tables)));
    assertThat(said)
        .as("the sentences \"Owns …\" of package-info.java, compared with Layout.TABLES")
        .isEqualTo(owned);
  }

  @Test
  void a_planted_page_is_read_with_its_mistakes() {
    String page =
        """
        | Table | Room | The run is |
        |---|---|---|
        | `ready` | lease | QUEUED |

        | Table | Room | |
        |---|---|---|
        | `a`, `b` | queue | the `c` of others |

        | Sweep | Every | Does |
        |---|---|---|
        | `OneSweep`, `TwoSweep` | 250 ms (`X`) | this in 3 s |
        | `LongSweep` | 1 min | that |

        ```
        2  Server   Rooms       wires the rooms
        1  run   gone
                                what goes on here
        0  protocol             what crosses the wire
        ```
        """;
    assertThat(tables(page)).isEqualTo(Map.of("ready", "lease", "a", "queue", "b", "queue"));
    assertThat(sweeps(page))
        .isEqualTo(
            Map.of(
                "OneSweep", Duration.ofMillis(250),
                "TwoSweep", Duration.ofMillis(250),
                "LongSweep", Duration.ofMinutes(1)));
    assertThat(layers(page)).isEqualTo(Map.of("", 2, "run", 1, "gone", 1));
    assertThat(owned("/**\n * Owns the tables {@code a} and\n * {@code b}. Not {@code c}.\n */"))
        .containsExactly("a", "b");
    assertThat(owned("/** Owns no table: those of {@code a} are enough. */")).isEmpty();
  }

  private static List<String> codes(String cell) {
    return CODE.matcher(cell).results().map(match -> match.group(1)).toList();
  }

  private static Map<String, String> tables(String page) {
    Map<String, String> tables = new TreeMap<>();
    for (MarkdownTable table : MarkdownTable.in(page, "Table", "Room")) {
      for (List<String> row : table.rows()) {
        codes(row.getFirst()).forEach(name -> tables.put(name, row.get(1)));
      }
    }
    return tables;
  }

  private static Map<String, Duration> sweeps(String page) {
    Map<String, Duration> sweeps = new TreeMap<>();
    for (List<String> row : MarkdownTable.in(page, "Sweep", "Every").getFirst().rows()) {
      codes(row.getFirst()).forEach(name -> sweeps.put(name, interval(row.get(1))));
    }
    return sweeps;
  }

  private static Duration interval(String cell) {
    MatchResult match =
        INTERVAL.matcher(cell).results().findFirst().orElseThrow(() -> new AssertionError(cell));
    long amount = Long.parseLong(match.group(1));
    return switch (match.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      default -> Duration.ofMinutes(amount);
    };
  }

  private static TreeSet<String> sweepClasses() {
    TreeSet<String> names = new TreeSet<>();
    for (JavaClass type :
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.fanfare.server")) {
      if (type.isAssignableTo(Sweep.class)
          && !type.getModifiers().contains(JavaModifier.ABSTRACT)) {
        names.add(type.getSimpleName());
      }
    }
    return names;
  }

  /**
   * A drawn layer is its number, and names that two spaces or more separate; what has a space
   * within explains them. Classes stand for the root package, and the protocol is another module.
   */
  private static Map<String, Integer> layers(String text) {
    Map<String, Integer> layers = new TreeMap<>();
    for (MatchResult line : DRAWN.matcher(text).results().toList()) {
      for (String name : names(line.group(2))) {
        if (!name.equals("protocol")) {
          String room = Character.isUpperCase(name.charAt(0)) ? "" : name;
          layers.put(room, Integer.valueOf(line.group(1)));
        }
      }
    }
    return layers;
  }

  private static List<String> names(String line) {
    List<String> names = new ArrayList<>();
    for (String cell : line.strip().split(" {2,}")) {
      if (!cell.contains(" ")) {
        names.add(cell);
      }
    }
    return names;
  }

  private static TreeSet<String> owned(String javadoc) {
    TreeSet<String> tables = new TreeSet<>();
    OWNS.matcher(javadoc.replaceAll("\\s+\\*?\\s*", " "))
        .results()
        .forEach(sentence ->
            JAVADOC_CODE
                .matcher(sentence.group(1))
                .results()
                .forEach(code -> tables.add(code.group(1))));
    return tables;
  }
}
