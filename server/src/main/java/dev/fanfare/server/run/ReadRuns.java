package dev.fanfare.server.run;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import java.util.ArrayList;
import java.util.Collection;
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
  private final RunQueries reader = new RunQueries();
  private final RunListQueries lists = new RunListQueries();
  private final FamilyQueries families = new FamilyQueries();

  ReadRuns(Database database) {
    this.database = database;
  }

  /** One run, or {@code null} when the environment has none with this id. */
  public @Nullable Run find(int environmentId, UUID runId) {
    return database.transaction(environmentId, tx -> reader.find(tx, runId));
  }

  /** One run and its relatives, or {@code null} when the environment has none with this id. */
  public @Nullable Family family(int environmentId, UUID runId) {
    return database.snapshot(
        environmentId,
        tx -> {
          Run run = reader.find(tx, runId);
          return run == null ? null : family(tx, run);
        });
  }

  private Family family(Tx tx, Run run) {
    List<UUID> childIds = families.children(tx, run.id(), CHILDREN_MAX, METADATA_BYTES_MAX);
    Set<UUID> relatedIds = new HashSet<>(childIds);
    Lineage lineage = run.lineage();
    if (lineage != null) {
      relatedIds.add(lineage.parentId());
      relatedIds.add(lineage.rootId());
    }
    Map<UUID, Run> related = new HashMap<>();
    if (!relatedIds.isEmpty()) {
      reader.summaries(tx, relatedIds).forEach(r -> related.put(r.id(), r));
    }
    return new Family(
        run,
        lineage == null ? null : related.get(lineage.rootId()),
        lineage == null ? null : related.get(lineage.parentId()),
        childIds.stream().map(related::get).toList());
  }

  /** The status of each of these runs; one that does not exist is left out. */
  public Map<UUID, RunStatus> statuses(int environmentId, Collection<UUID> runIds) {
    return database.transaction(environmentId, tx -> reader.statuses(tx, runIds));
  }

  /** A run as it was asked for, or {@code null} when the environment has none with this id. */
  public @Nullable NewRun asked(int environmentId, UUID runId) {
    return database.transaction(environmentId, tx -> reader.asked(tx, runId));
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
    return database.snapshot(
        environmentId,
        tx ->
            before != null
                ? backwards(tx, filter, size, before)
                : forwards(tx, filter, size, after));
  }

  private Page forwards(Tx tx, RunFilter filter, int size, @Nullable UUID after) {
    // One more than the page shows whether another page follows.
    List<UUID> ids = lists.older(tx, filter, after, size + 1);
    List<Run> runs = load(tx, ids.subList(0, Math.min(size, ids.size())));
    return new Page(
        runs,
        ids.size() > size ? runs.getLast().id() : null,
        after != null && !runs.isEmpty() ? runs.getFirst().id() : null);
  }

  private Page backwards(Tx tx, RunFilter filter, int size, UUID before) {
    List<UUID> ids = new ArrayList<>(lists.newer(tx, filter, before, size + 1));
    boolean more = ids.size() > size;
    List<Run> runs = load(tx, ids.subList(0, Math.min(size, ids.size())));
    return new Page(
        runs, runs.isEmpty() ? null : runs.getLast().id(), more ? runs.getFirst().id() : null);
  }

  private List<Run> load(Tx tx, List<UUID> ids) {
    List<Run> runs = new ArrayList<>(reader.summaries(tx, ids));
    runs.sort(Comparator.comparing((Run run) -> run.id().toString()).reversed());
    return runs;
  }
}
