package dev.fanfare.server.control;

import dev.fanfare.protocol.Limits;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.queue.DelayStore;
import dev.fanfare.server.result.Refusal;
import dev.fanfare.server.result.Result;
import dev.fanfare.server.run.FamilyQueries;
import dev.fanfare.server.run.IdempotencyKeyStore;
import dev.fanfare.server.run.Lineage;
import dev.fanfare.server.run.RunChangeStore;
import dev.fanfare.server.run.RunChangeStore.Metadata;
import dev.fanfare.server.text.Hash;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Changes stored runs. Each change locks its runs, so concurrent changes do not overwrite each
 * other. Repeating a change is safe, except metadata operations that append or increment.
 */
public final class ChangeRuns {
  /** How long after a run's end its metadata can be changed. */
  private static final Duration METADATA_OPEN = Duration.ofHours(1);

  private final Database database;
  private final InstantSource clock;
  private final RunChangeStore runs = new RunChangeStore();
  private final DelayStore delays = new DelayStore();
  private final IdempotencyKeyStore keys = new IdempotencyKeyStore();
  private final FamilyQueries families = new FamilyQueries();

  ChangeRuns(Database database, InstantSource clock) {
    this.database = database;
    this.clock = clock;
  }

  /**
   * Adds all of these tags to a run, or none if the limit is exceeded; returns how many are new.
   */
  public Result<Integer> addTags(int environmentId, UUID runId, Collection<String> tags) {
    return database.attempt(
        environmentId,
        tx -> {
          List<String> before = runs.lockTags(tx, runId);
          if (before == null) {
            return Result.refused(Refusal.notFound("Run not found"));
          }
          TreeSet<String> added = new TreeSet<>(tags);
          before.forEach(added::remove);
          TreeSet<String> all = new TreeSet<>(before);
          all.addAll(added);
          if (all.size() > Limits.TAGS_MAX) {
            return Result.refused(Refusal.unprocessable(tooManyTags(all.size(), added)));
          }
          if (!added.isEmpty()) {
            runs.setTags(tx, runId, all, added);
          }
          return Result.of(added.size());
        });
  }

  private static String tooManyTags(int count, Collection<String> added) {
    String names = added.stream().map(tag -> "'" + tag + "'").collect(Collectors.joining(", "));
    return "Runs can only have %s tags, you're trying to set %s. These tags have not been set: %s."
        .formatted(Limits.TAGS_MAX, count, names);
  }

  /**
   * Changes the metadata of a run, its parent and its root; returns the run's metadata after the
   * change. For a run without a parent, the edits of parent and root apply to the run itself. Edits
   * of a parent or root that ended too long ago are dropped, so that they do not prevent a run from
   * changing its own metadata.
   */
  public Result<String> changeMetadata(int environmentId, UUID runId, MetadataChanges changes) {
    return database.attempt(environmentId, tx -> changeMetadata(tx, runId, changes));
  }

  private Result<String> changeMetadata(Tx tx, UUID runId, MetadataChanges changes) {
    Lineage lineage =
        changes.parent() == null && changes.root() == null ? null : families.lineage(tx, runId);
    UUID parentId = lineage == null ? runId : lineage.parentId();
    UUID rootId = lineage == null ? runId : lineage.rootId();
    Set<UUID> changed = new HashSet<>();
    changed.add(runId);
    if (changes.parent() != null) {
      changed.add(parentId);
    }
    if (changes.root() != null) {
      changed.add(rootId);
    }
    Map<UUID, Metadata> before = runs.lockMetadata(tx, changed);
    Metadata own = before.get(runId);
    if (own == null) {
      return Result.refused(Refusal.notFound("Task Run not found"));
    }
    if (!isOpen(own)) {
      return Result.refused(Refusal.unprocessable("Cannot update metadata for a completed run"));
    }
    Map<UUID, String> after = new LinkedHashMap<>();
    Refusal refusal = edit(before, after, runId, changes.own());
    refusal = refusal != null ? refusal : edit(before, after, parentId, changes.parent());
    refusal = refusal != null ? refusal : edit(before, after, rootId, changes.root());
    if (refusal != null) {
      return Result.refused(refusal);
    }
    if (after.values().stream().anyMatch(ChangeRuns::isTooLarge)) {
      return Result.refused(metadataTooLarge());
    }
    after.forEach((id, text) -> runs.setMetadata(tx, id, text));
    return Result.of(String.valueOf(after.get(runId)));
  }

  /** Puts the edited metadata of a run into {@code after}, or returns why that is not possible. */
  private @Nullable Refusal edit(
      Map<UUID, Metadata> before,
      Map<UUID, String> after,
      UUID runId,
      @Nullable MetadataEdit edit) {
    Metadata metadata = before.get(runId);
    if (edit == null || metadata == null || !isOpen(metadata)) {
      return null;
    }
    Result<String> edited = edit.apply(after.getOrDefault(runId, metadata.text()));
    if (edited instanceof Result.Refused<String> refused) {
      return refused.refusal();
    }
    after.put(runId, ((Result.Success<String>) edited).value());
    return null;
  }

  private boolean isOpen(Metadata metadata) {
    Instant finishedAt = metadata.finishedAt();
    return finishedAt == null || !finishedAt.plus(METADATA_OPEN).isBefore(clock.instant());
  }

  private static boolean isTooLarge(String metadata) {
    return metadata.getBytes(StandardCharsets.UTF_8).length > Limits.METADATA_BYTES_MAX;
  }

  /** The refusal of an edit after which the metadata would be too large. */
  public static Refusal metadataTooLarge() {
    return Refusal.tooLarge(
        "Metadata exceeds maximum size of " + Limits.METADATA_BYTES_MAX + " bytes");
  }

  /** Moves the delay of a run; a time in the past makes the run due now. Returns the new time. */
  public Result<Instant> reschedule(int environmentId, UUID runId, Instant dueAt) {
    return database.attempt(
        environmentId,
        tx -> {
          Instant before = delays.lock(tx, runId);
          if (before == null) {
            return Result.refused(Refusal.invalid("Cannot reschedule a run that is not delayed"));
          }
          Instant now = clock.instant();
          Instant moved = dueAt.isBefore(now) ? now : dueAt;
          delays.move(tx, runId, before, moved);
          runs.moveDelay(tx, runId, before, moved);
          return Result.of(moved);
        });
  }

  /**
   * Frees an idempotency key: the next trigger with the key creates a new run. Returns the run that
   * held the key.
   */
  public Result<UUID> resetKey(int environmentId, String task, String key) {
    return database.attempt(
        environmentId,
        tx -> {
          Hash hash = Hash.of(key);
          UUID runId = keys.reset(tx, task, hash);
          if (runId == null) {
            return Result.refused(
                Refusal.notFound(
                    "No runs found with idempotency key: " + key + " and task: " + task));
          }
          runs.forgetKey(tx, runId, hash);
          return Result.of(runId);
        });
  }
}
