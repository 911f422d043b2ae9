package dev.fanfare.server;

import dev.fanfare.testkit.Project;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * The layout of the server, stated once: the layer of each package, and the package that owns each
 * table. {@link LayersTest}, {@link TableOwnershipTest} and {@link ArchitectureDocTest} compare the
 * code, the SQL and the documents with it.
 */
final class Layout {
  /** The sources of the server. */
  static final Path SOURCES = Project.ROOT.resolve("server/src/main/java/dev/fanfare/server");

  private static final Pattern CREATED = Pattern.compile("(?m)^create table (\\w+)");
  private static final Pattern VIEW = Pattern.compile("(?ms)^create view (\\w+) as$(.*?);$");

  /** A package may depend on those of lower layers. The root package, which wires them, is "". */
  static final Map<String, Integer> LAYERS =
      Map.ofEntries(
          Map.entry("", 10),
          Map.entry("storage", 9),
          Map.entry("batch", 8),
          Map.entry("control", 8),
          Map.entry("worker", 8),
          Map.entry("trigger", 7),
          Map.entry("lease", 7),
          Map.entry("run", 6),
          Map.entry("queue", 5),
          Map.entry("task", 4),
          Map.entry("packet", 5),
          Map.entry("access", 4),
          Map.entry("component", 3),
          Map.entry("http", 2),
          Map.entry("db", 1),
          Map.entry("json", 1),
          Map.entry("config", 0),
          Map.entry("result", 0),
          Map.entry("text", 0));

  /** Every table, by the package that owns it. */
  static final Map<String, List<String>> TABLES =
      Map.of(
          "access", List.of("environments", "secret_keys", "used_tokens"),
          "packet", List.of("packets", "packet_refs", "packet_bytes"),
          "queue",
              List.of(
                  "queues",
                  "task_queues",
                  "lanes",
                  "slots",
                  "ready",
                  "delays",
                  "expiries",
                  "parked"),
          "task", List.of("tasks", "versions", "version_tasks"),
          "run", List.of("runs", "run_metadata", "run_tags", "idempotency_keys", "outcomes"),
          "trigger", List.of("request_keys"),
          "lease", List.of("leases", "cancellations", "sessions"),
          "batch", List.of("batches", "batch_keys", "batch_items", "batch_parts"),
          "storage", List.of("retention_walks"));

  /** Every view, by the package that owns it. */
  static final Map<String, List<String>> VIEWS = Map.of("run", List.of("ready_runs"));

  private static final String SCHEMA =
      Project.text("server/src/main/resources/dev/fanfare/server/db/schema.sql");

  private Layout() {}

  /** The tables that the migrations create. */
  static TreeSet<String> schemaTables() {
    TreeSet<String> tables = new TreeSet<>();
    CREATED.matcher(SCHEMA).results().forEach(match -> tables.add(match.group(1)));
    return tables;
  }

  /** The views that the migrations create, each a match of its name and its query. */
  static List<MatchResult> schemaViews() {
    return VIEW.matcher(SCHEMA).results().toList();
  }

  /** The package that owns a table or view; empty when none does. */
  static String owner(String relation) {
    for (Map<String, List<String>> owned : List.of(TABLES, VIEWS)) {
      for (Map.Entry<String, List<String>> entry : owned.entrySet()) {
        if (entry.getValue().contains(relation)) {
          return entry.getKey();
        }
      }
    }
    return "";
  }

  /** The top package of a source of the server: {@code run} for a source in {@code run.http}. */
  static String room(Path source) {
    Path inside = SOURCES.relativize(source);
    return inside.getNameCount() == 1 ? "" : inside.getName(0).toString();
  }
}
