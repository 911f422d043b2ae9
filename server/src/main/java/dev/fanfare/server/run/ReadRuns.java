package dev.fanfare.server.run;

import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads runs of one environment: one by its id, or a page of them, the newest first. */
public final class ReadRuns {
  /** As many as a batch can make. */
  private static final int CHILDREN_MAX = 1_000;

  private static final long METADATA_BYTES_MAX = 4L * 1024 * 1024;

  private final Database database;
  private final RunReader reader = new RunReader();
  private final FamilyReader families = new FamilyReader();

  public ReadRuns(Database database) {
    this.database = database;
  }

  /** One run, or {@code null} when the environment has none with this id. */
  public @Nullable Run find(int environmentId, UUID runId) {
    return database.transaction(tx -> reader.find(tx, environmentId, runId));
  }

  /** One run and its relatives, or {@code null} when the environment has none with this id. */
  public @Nullable Family family(int environmentId, UUID runId) {
    return database.snapshot(tx -> {
      Run run = reader.find(tx, environmentId, runId);
      return run == null ? null : family(tx, environmentId, run);
    });
  }

  private Family family(Tx tx, int environmentId, Run run) {
    List<UUID> childIds =
        families.children(tx, environmentId, run.id(), CHILDREN_MAX, METADATA_BYTES_MAX);
    Set<UUID> relatedIds = new HashSet<>(childIds);
    Lineage lineage = run.lineage();
    if (lineage != null) {
      relatedIds.add(lineage.parentId());
      relatedIds.add(lineage.rootId());
    }
    Map<UUID, Run> related = new HashMap<>();
    if (!relatedIds.isEmpty()) {
      reader.summaries(tx, environmentId, relatedIds).forEach(r -> related.put(r.id(), r));
    }
    return new Family(
        run,
        lineage == null ? null : related.get(lineage.rootId()),
        lineage == null ? null : related.get(lineage.parentId()),
        childIds.stream().map(related::get).toList());
  }

  /** A run as it was asked for, or {@code null} when the environment has none with this id. */
  public @Nullable NewRun asked(int environmentId, UUID runId) {
    return database.transaction(tx -> reader.asked(tx, environmentId, runId));
  }

  /**
   * A page.
   *
   * @param next the last run of the page when older ones follow; else absent
   * @param previous the first run of the page when newer ones stand before it; else absent
   */
  public record Page(List<Run> runs, @Nullable UUID next, @Nullable UUID previous) {}

  /**
   * A page of runs.
   *
   * @param after the run that the page follows; absent: the newest page, unless {@code before}
   * @param before the run that the page stands before; absent: see {@code after}
   */
  public Page page(
      int environmentId, RunFilter filter, int size, @Nullable UUID after, @Nullable UUID before) {
    // One picture: a run that was picked by its state is shown in that state.
    return database.snapshot(tx ->
        before != null
            ? backwards(tx, environmentId, filter, size, before)
            : forwards(tx, environmentId, filter, size, after));
  }

  private Page forwards(
      Tx tx, int environmentId, RunFilter filter, int size, @Nullable UUID after) {
    // One more than the page shows whether another page follows.
    List<UUID> ids = reader.older(tx, environmentId, filter, after, size + 1);
    List<Run> runs = load(tx, environmentId, ids.subList(0, Math.min(size, ids.size())));
    return new Page(
        runs,
        ids.size() > size ? runs.getLast().id() : null,
        after != null && !runs.isEmpty() ? runs.getFirst().id() : null);
  }

  private Page backwards(Tx tx, int environmentId, RunFilter filter, int size, UUID before) {
    List<UUID> ids = new ArrayList<>(reader.newer(tx, environmentId, filter, before, size + 1));
    boolean more = ids.size() > size;
    List<Run> runs = load(tx, environmentId, ids.subList(0, Math.min(size, ids.size())));
    return new Page(
        runs, runs.isEmpty() ? null : runs.getLast().id(), more ? runs.getFirst().id() : null);
  }

  private List<Run> load(Tx tx, int environmentId, List<UUID> ids) {
    List<Run> runs = new ArrayList<>(reader.summaries(tx, environmentId, ids));
    runs.sort(Comparator.comparing((Run run) -> run.id().toString()).reversed());
    return runs;
  }
}
