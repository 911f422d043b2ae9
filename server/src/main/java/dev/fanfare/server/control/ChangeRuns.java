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
 * Changes to stored runs, each under the run's lock, so that of many at once none is lost. Doing
 * one again is safe, but for metadata operations that add.
 */
public final class ChangeRuns {
  /** How long after its end a run's metadata can still be written. */
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

  /** Adds tags to those a run has; all of them or, over the limit, none. Returns how many. */
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
    return "Runs can only have %d tags, you're trying to set %d. These tags have not been set: %s."
        .formatted(Limits.TAGS_MAX, count, names);
  }

  /**
   * Changes a run's metadata, and through it that of its parent and root; returns what its own is
   * then. A run without a parent is both to itself. What is meant for a parent or a root that can
   * no longer be written is dropped: it must not keep the run from writing its own.
   */
  public Result<String> changeMetadata(int environmentId, UUID runId, MetadataChanges changes) {
    return database.attempt(environmentId, tx -> changeMetadata(tx, runId, changes));
  }

  private Result<String> changeMetadata(Tx tx, UUID runId, MetadataChanges changes) {
    Lineage lineage =
        changes.parents() == null && changes.roots() == null ? null : families.lineage(tx, runId);
    UUID parentId = lineage == null ? runId : lineage.parentId();
    UUID rootId = lineage == null ? runId : lineage.rootId();
    Set<UUID> changed = new HashSet<>(Set.of(runId));
    if (changes.parents() != null) {
      changed.add(parentId);
    }
    if (changes.roots() != null) {
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
    refusal = refusal != null ? refusal : edit(before, after, parentId, changes.parents());
    refusal = refusal != null ? refusal : edit(before, after, rootId, changes.roots());
    if (refusal != null) {
      return Result.refused(refusal);
    }
    if (after.values().stream().anyMatch(ChangeRuns::isTooLarge)) {
      return Result.refused(metadataTooLarge());
    }
    after.forEach((id, text) -> runs.setMetadata(tx, id, text));
    return Result.of(String.valueOf(after.get(runId)));
  }

  /** Notes in {@code after} what a run's metadata becomes, or returns why it cannot be changed. */
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
    Instant end = metadata.finishedAt();
    return end == null || !end.plus(METADATA_OPEN).isBefore(clock.instant());
  }

  private static boolean isTooLarge(String metadata) {
    return metadata.getBytes(StandardCharsets.UTF_8).length > Limits.METADATA_BYTES_MAX;
  }

  /** The refusal of a change that would make metadata too large. */
  public static Refusal metadataTooLarge() {
    return Refusal.tooLarge(
        "Metadata exceeds maximum size of " + Limits.METADATA_BYTES_MAX + " bytes");
  }

  /** Moves the time that a delayed run waits for; a time in the past queues it at once. */
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
   * Frees an idempotency key, so that the next trigger with it creates a new run. Returns the run
   * that had it.
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
