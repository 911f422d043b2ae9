package dev.fanfare.acceptance.chaos;

import dev.fanfare.acceptance.chaos.Executions.Execution;
import dev.fanfare.protocol.PublicId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Prints one line for each fault, and a table at the end. Writes the evidence of each finding into
 * a file: the rows of the runs that it names, their leases and executions. Not thread-safe.
 */
final class CampaignReport {
  private static final int RUNS_MAX = 20;
  private static final int PRINTED_MAX = 5;
  private static final Pattern RUN = Pattern.compile("run_[0-9a-z]{25}");

  private final Path folder;
  private final Cluster cluster;
  private final LeaseHistory history;
  private final long begun = System.nanoTime();
  private final List<Entry> entries = new ArrayList<>();
  private final List<String> findings = new ArrayList<>();

  /**
   * A fault and what followed.
   *
   * @param details its victims and its duration
   * @param fault from its beginning to its heal
   * @param success from the heal until every server had answered a trigger with success
   * @param rest from the pause of the clients until all runs had ended
   * @param check how long the checks took
   * @param losses how often a run was taken from a worker
   * @param found broken promises
   */
  record Entry(
      int number,
      FaultKind kind,
      String details,
      Duration fault,
      Duration success,
      Duration rest,
      Duration check,
      long losses,
      List<String> found) {}

  CampaignReport(Path folder, Cluster cluster, LeaseHistory history) {
    this.folder = folder;
    this.cluster = cluster;
    this.history = history;
  }

  /** All broken promises. */
  List<String> findings() {
    return List.copyOf(findings);
  }

  void skipped(int number, int faults, FaultKind kind, String reason) {
    print("[%d/%d] %s SKIPPED: %s", number, faults, kind, reason);
  }

  /** Records a fault, its heal and the check after it. */
  void healed(Entry entry, int faults, long runs, Map<String, List<Execution>> executions)
      throws IOException {
    entries.add(entry);
    print(
        "[%d/%d] %4d s  %s (%s): healed after %.1f s, first success %.1f s, rest %.1f s,"
            + " checked in %.1f s, %d runs so far%s%s",
        entry.number,
        faults,
        Duration.ofNanos(System.nanoTime() - begun).toSeconds(),
        entry.kind,
        entry.details,
        seconds(entry.fault),
        seconds(entry.success),
        seconds(entry.rest),
        seconds(entry.check),
        runs,
        entry.losses == 0 ? "" : ", " + entry.losses + " losses",
        entry.found.isEmpty() ? "" : ", " + entry.found.size() + " FINDINGS");
    add("fault %d, %s".formatted(entry.number, entry.kind), entry.found);
    if (!entry.found.isEmpty()) {
      Path file = folder.resolve("fault-%03d-%s.txt".formatted(entry.number, entry.kind));
      Files.write(file, evidence(entry, executions));
    }
  }

  private void add(String where, List<String> found) {
    found.forEach(text -> findings.add(where + ": " + text));
    found.stream().limit(PRINTED_MAX).forEach(text -> print("    %s", text));
  }

  private List<String> evidence(Entry entry, Map<String, List<Execution>> executions) {
    List<String> lines = new ArrayList<>();
    lines.add(entry.toString());
    lines.addAll(entry.found);
    Set<String> runs = new LinkedHashSet<>();
    entry.found.forEach(
        text -> RUN.matcher(text).results().forEach(result -> runs.add(result.group())));
    for (String run : runs.stream().limit(RUNS_MAX).toList()) {
      lines.add("");
      lines.add(run);
      executions.getOrDefault(run, List.of()).forEach(e -> lines.add("  " + e));
      lines.addAll(rows(PublicId.parse(PublicId.RUN, run)));
    }
    return lines;
  }

  private List<String> rows(@Nullable UUID run) {
    List<String> lines = new ArrayList<>();
    for (String table :
        List.of("runs", "outcomes", "leases", "ready_runs", "delays", "lease_history")) {
      try {
        history
            .strings("select t::text from " + table + " t where run_id = ?", run)
            .forEach(row -> lines.add("  " + table + " " + row));
      } catch (SQLException e) {
        lines.add("  " + table + ": " + e.getMessage());
      }
    }
    return lines;
  }

  /** Prints the table of all kinds. */
  void end(List<String> found) throws IOException {
    add("at the end", found);
    Map<FaultKind, List<Entry>> kinds = new TreeMap<>();
    entries.forEach(e -> kinds.computeIfAbsent(e.kind, absent -> new ArrayList<>()).add(e));
    print("");
    print(
        "%-30s %6s %8s %6s %14s %14s %10s",
        "fault", "times", "findings", "losses", "median success", "max success", "max rest");
    kinds.forEach((kind, all) -> row(kind.toString(), all));
    row("all", entries);
    print("Memory of the servers: %s MiB, threads: %s", cluster.memory(), cluster.threads());
  }

  private void row(String name, List<Entry> all) {
    List<Duration> success = all.stream().map(Entry::success).sorted().toList();
    print(
        "%-30s %6d %8d %6d %12.1f s %12.1f s %8.1f s",
        name,
        all.size(),
        all.stream().mapToInt(e -> e.found.size()).sum(),
        all.stream().mapToLong(Entry::losses).sum(),
        success.isEmpty() ? 0 : seconds(success.get(success.size() / 2)),
        success.isEmpty() ? 0 : seconds(success.getLast()),
        all.stream().mapToDouble(e -> seconds(e.rest)).max().orElse(0));
  }

  private static double seconds(Duration duration) {
    return duration.toMillis() / 1e3;
  }

  private void print(String format, Object... arguments) {
    String line = String.format(Locale.ROOT, format, arguments);
    System.out.println(line);
    try {
      Files.writeString(
          folder.resolve("progress.txt"),
          line + System.lineSeparator(),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
