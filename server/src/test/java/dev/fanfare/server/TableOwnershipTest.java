package dev.fanfare.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.server.sql.TableUse;
import dev.fanfare.server.sql.TableUse.Kind;
import dev.fanfare.testkit.JavaLiterals;
import dev.fanfare.testkit.JavaLiterals.Literal;
import dev.fanfare.testkit.Project;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Each table has one owner. A statement that writes a table is in the owner's package; a statement
 * that reads it is there or in a package of a higher layer.
 */
class TableOwnershipTest {
  /**
   * Statements that may break the rule.
   *
   * @param file the simple name of the source, or the view
   */
  private record Exemption(String file, String table, Kind kind, String reason) {}

  private static final List<Exemption> EXEMPTIONS =
      List.of(
          new Exemption(
              "ClaimStore",
              "ready",
              Kind.WRITE,
              "a claim moves entries to leases in one statement, which is one round trip"),
          new Exemption(
              "ClaimStore",
              "slots",
              Kind.WRITE,
              "the same statement counts the slots that it takes"),
          new Exemption(
              "HandOverStore",
              "ready",
              Kind.WRITE,
              "new runs become leases, or entries if their session is over, in one statement"),
          new Exemption(
              "SlotCountStore", "slots", Kind.WRITE, "a counter starts from the leases there are"),
          new Exemption(
              "ReadyStore",
              "runs",
              Kind.READ,
              "an entry of many runs is divided, in the statement that removes it"),
          new Exemption("ParkedStore", "runs", Kind.READ, "parking divides entries of many runs"),
          new Exemption(
              "ExpiryStore",
              "runs",
              Kind.READ,
              "a time to live begins when a run is queued, and is stored with the run"),
          new Exemption(
              "IdleLaneStore",
              "leases",
              Kind.READ,
              "a lane stays while workers hold runs of it: one snapshot of all places of runs"),
          new Exemption(
              "IdleLaneStore",
              "batches",
              Kind.READ,
              "a lane stays while items of a streamed batch wait for it: the same snapshot"),
          new Exemption(
              "IdleQueueStore",
              "runs",
              Kind.READ,
              "a final run is found by the queues of its task: one snapshot of lanes and runs"),
          new Exemption(
              "IdleTaskStore",
              "sessions",
              Kind.READ,
              "a version stays, with its tasks, while workers have it"),
          new Exemption(
              "IdleTaskStore",
              "task_queues",
              Kind.READ,
              "a task stays while runs of it are, or were, in a queue"),
          new Exemption(
              "IdleTaskStore", "runs", Kind.READ, "a version stays while runs are locked to it"),
          new Exemption(
              "IdleTaskStore",
              "outcomes",
              Kind.READ,
              "a version stays while runs show that it executed them"),
          new Exemption(
              "DebouncedRunStore",
              "delays",
              Kind.WRITE,
              "a coalesced trigger changes a run and its delay in one statement"),
          new Exemption(
              "PartRunStore",
              "runs",
              Kind.WRITE,
              "items of large batches become runs inside the database"),
          new Exemption(
              "PartRunStore",
              "run_metadata",
              Kind.WRITE,
              "items of large batches become runs inside the database"),
          new Exemption(
              "PartRunStore",
              "run_tags",
              Kind.WRITE,
              "items of large batches become runs inside the database"),
          new Exemption(
              "PartRunStore",
              "ready",
              Kind.WRITE,
              "items of large batches become runs inside the database"),
          new Exemption(
              "PartRunStore",
              "expiries",
              Kind.WRITE,
              "items of large batches become runs inside the database"),
          new Exemption(
              "CanceledParentStore",
              "cancellations",
              Kind.WRITE,
              "children of canceled runs are canceled as the rest of a large family is"),
          new Exemption(
              "CanceledParentStore",
              "leases",
              Kind.READ,
              "a run that a session holds is canceled by a mark on its lease"),
          new Exemption(
              "Condition",
              "batches",
              Kind.READ,
              "a list of runs can be limited to those of a batch"),
          new Exemption(
              "Condition",
              "leases",
              Kind.READ,
              "a list of runs can be limited to those that workers hold"),
          new Exemption(
              "RunListQueries",
              "batches",
              Kind.READ,
              "a list of runs can be limited to those of a batch"),
          new Exemption(
              "RunListQueries",
              "leases",
              Kind.READ,
              "a list of runs can be limited to those that workers hold"),
          new Exemption(
              "VersionStore",
              "queues",
              Kind.READ,
              "the tasks of a version are read with the names of their queues"),
          new Exemption(
              "RunQueries",
              "leases",
              Kind.READ,
              "a run stands in one of five tables, and its status is read off all of them"),
          new Exemption(
              "RunListQueries",
              "leases",
              Kind.READ,
              "a run stands in one of five tables, and its status is read off all of them"));

  /** A statement, with the package and file that contain it. */
  private record Statement(String room, String file, int line, String sql) {}

  /** A use that the rule forbids, in the terms of an exemption, and its description. */
  private record Violation(String file, String table, Kind kind, String text) {
    boolean isExempt() {
      return EXEMPTIONS.stream().anyMatch(this::matches);
    }

    boolean matches(Exemption exemption) {
      return exemption.file.equals(file) && exemption.table.equals(table) && exemption.kind == kind;
    }
  }

  @Test
  void every_table_and_view_of_the_schema_has_one_owner() {
    List<String> tables = Layout.TABLES.values().stream().flatMap(List::stream).toList();
    assertThat(tables)
        .as("tables in Layout.TABLES, compared with schema.sql")
        .doesNotHaveDuplicates()
        .containsExactlyInAnyOrderElementsOf(Layout.schemaTables());
    assertThat(Layout.VIEWS.values().stream().flatMap(List::stream))
        .as("views in Layout.VIEWS, compared with schema.sql")
        .doesNotHaveDuplicates()
        .containsExactlyInAnyOrderElementsOf(
            Layout.schemaViews().stream().map(view -> view.group(1)).toList());
    assertThat(Layout.LAYERS.keySet()).containsAll(Layout.TABLES.keySet());
  }

  @Test
  void every_statement_is_in_a_package_that_may_use_its_tables() {
    List<Statement> statements = statements();
    assertThat(statements).hasSizeGreaterThan(80);
    assertThat(violations(statements))
        .filteredOn(violation -> !violation.isExempt())
        .extracting(Violation::text)
        .as("move the statement to the table's owner, or state the reason in EXEMPTIONS")
        .isEmpty();
  }

  @Test
  void every_exemption_is_still_needed() {
    List<Violation> violations = violations(statements());
    assertThat(EXEMPTIONS)
        .doesNotHaveDuplicates()
        .allSatisfy(exemption -> assertThat(exemption.reason).hasSizeGreaterThan(20))
        .as("exemptions that no statement needs: remove them")
        .allMatch(exemption -> violations.stream().anyMatch(v -> v.matches(exemption)));
  }

  @Test
  void no_statement_is_concatenated_from_pieces_that_name_tables() {
    Set<String> pieces = new TreeSet<>();
    for (Path source : Project.files(Layout.SOURCES, ".java")) {
      for (Literal literal : JavaLiterals.of(Project.text(source))) {
        if (literal.text().contains("\n")
            && !TableUse.isStatement(literal.text())
            && TableUse.in(literal.text()).stream().anyMatch(use -> isKnown(use.table()))) {
          pieces.add(source.getFileName() + ":" + literal.line());
        }
      }
    }
    assertThat(pieces)
        .as("text blocks with a part of a statement: write the whole statement")
        .isEmpty();
  }

  @Test
  void a_planted_write_from_elsewhere_is_found() {
    assertThat(found("batch", "update slots s set in_use = 0 where s.environment_id = ?"))
        .containsExactly("Planted.java:1 (batch) writes slots, which queue owns");
    assertThat(found("batch", "delete from ready where run_id = ?")).hasSize(1);
    assertThat(found("queue", "insert into runs (run_id) values (?)")).hasSize(1);
    assertThat(
            found(
                "lease",
                """
                with taken as (
                  delete from leases where run_id = ? returning run_id
                )
                insert into ready as r (run_id)
                select run_id from taken
                    on conflict do update set fence = r.fence
                """))
        .containsExactly("Planted.java:1 (lease) writes ready, which queue owns");
  }

  @Test
  void a_planted_read_of_a_higher_or_neighboring_package_is_found() {
    assertThat(found("queue", "select d.run_id from delays d join runs r using (run_id)"))
        .containsExactly("Planted.java:1 (queue) reads runs of run, which is not below it");
    assertThat(found("packet", "select from packets d, queues q where q.name = d.path"))
        .containsExactly("Planted.java:1 (packet) reads queues of queue, which is not below it");
    assertThat(found("queue", "delete from ready y using sessions s where true"))
        .containsExactly("Planted.java:1 (queue) reads sessions of lease, which is not below it");
    assertThat(found("task", "update tasks set ttl_ms = (select 1 from batches limit 1)"))
        .hasSize(1);
  }

  @Test
  void a_planted_unknown_table_is_found() {
    assertThat(found("run", "select 1 from rums"))
        .containsExactly("Planted.java:1 (run) names rums, which the schema does not have");
    assertThat(found("run", "select 1 from ")).hasSize(1);
  }

  @Test
  void writes_in_the_owning_package_and_reads_of_lower_layers_are_allowed() {
    assertThat(found("run", "update runs set metadata = ? where run_id = ?")).isEmpty();
    assertThat(found("batch", "select 1 from runs r join tasks t using (task_id)")).isEmpty();
  }

  private static List<String> found(String room, String sql) {
    return violations(List.of(new Statement(room, "Planted.java", 1, sql))).stream()
        .map(Violation::text)
        .toList();
  }

  /**
   * Every statement in the sources. The views of the schema count as statements of their owners.
   */
  private static List<Statement> statements() {
    List<Statement> statements = new ArrayList<>();
    for (Path source : Project.files(Layout.SOURCES, ".java")) {
      String file = source.getFileName().toString().replace(".java", "");
      for (Literal literal : JavaLiterals.of(Project.text(source))) {
        if (TableUse.isStatement(literal.text())) {
          statements.add(new Statement(Layout.room(source), file, literal.line(), literal.text()));
        }
      }
    }
    Layout.schemaViews()
        .forEach(view ->
            statements.add(
                new Statement(Layout.owner(view.group(1)), view.group(1), 1, view.group(2))));
    return statements;
  }

  private static boolean isKnown(String relation) {
    return !Layout.owner(relation).isEmpty();
  }

  private static List<Violation> violations(List<Statement> statements) {
    Set<Violation> violations = new LinkedHashSet<>();
    for (Statement statement : statements) {
      for (TableUse use : TableUse.in(statement.sql)) {
        String why = why(statement.room, use);
        if (!why.isEmpty()) {
          String where = statement.file + ":" + statement.line + " (" + statement.room + ") ";
          violations.add(new Violation(statement.file, use.table(), use.kind(), where + why));
        }
      }
    }
    return List.copyOf(violations);
  }

  /** Why a package must not use a table in this way; empty if it may. */
  private static String why(String room, TableUse use) {
    String owner = Layout.owner(use.table());
    if (owner.isEmpty()) {
      return "names " + use.table() + ", which the schema does not have";
    }
    if (owner.equals(room)) {
      return "";
    }
    if (use.kind() == Kind.WRITE) {
      return "writes " + use.table() + ", which " + owner + " owns";
    }
    return Layout.LAYERS.get(owner) < Layout.LAYERS.get(room)
        ? ""
        : "reads " + use.table() + " of " + owner + ", which is not below it";
  }
}
