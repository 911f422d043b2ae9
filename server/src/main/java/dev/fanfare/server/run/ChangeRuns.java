package dev.fanfare.server.run;

import dev.fanfare.protocol.Limits;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.run.ChangeStore.Metadata;
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
import java.util.function.UnaryOperator;
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
  private final ChangeStore store = new ChangeStore();
  private final FamilyReader families = new FamilyReader();

  public ChangeRuns(Database database, InstantSource clock) {
    this.database = database;
    this.clock = clock;
  }

  /** Adds tags to those a run has; all of them or, over the limit, none. Returns how many. */
  public int addTags(int environmentId, UUID runId, Collection<String> tags) {
    return database.transaction(tx -> {
      List<String> before = store.lockTags(tx, environmentId, runId);
      if (before == null) {
        throw new HttpError(404, "Run not found");
      }
      TreeSet<String> added = new TreeSet<>(tags);
      before.forEach(added::remove);
      TreeSet<String> all = new TreeSet<>(before);
      all.addAll(added);
      if (all.size() > Limits.TAGS_MAX) {
        throw new HttpError(422, tooManyTags(all.size(), added));
      }
      if (!added.isEmpty()) {
        store.setTags(tx, environmentId, runId, all, added);
      }
      return added.size();
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
  public String changeMetadata(int environmentId, UUID runId, MetadataChanges changes) {
    return database.transaction(tx -> {
      Lineage lineage =
          changes.parents() == null && changes.roots() == null
              ? null
              : families.lineage(tx, environmentId, runId);
      UUID parentId = lineage == null ? runId : lineage.parentId();
      UUID rootId = lineage == null ? runId : lineage.rootId();
      Set<UUID> changed = new HashSet<>(Set.of(runId));
      if (changes.parents() != null) {
        changed.add(parentId);
      }
      if (changes.roots() != null) {
        changed.add(rootId);
      }
      Map<UUID, Metadata> before = store.lockMetadata(tx, environmentId, changed);
      requireOpen(before.get(runId));
      Map<UUID, String> after = new LinkedHashMap<>();
      change(before, after, runId, changes.own());
      change(before, after, parentId, changes.parents());
      change(before, after, rootId, changes.roots());
      for (Map.Entry<UUID, String> changedText : after.entrySet()) {
        store.setMetadata(tx, environmentId, changedText.getKey(), bounded(changedText.getValue()));
      }
      return String.valueOf(after.get(runId));
    });
  }

  private void requireOpen(@Nullable Metadata metadata) {
    if (metadata == null) {
      throw new HttpError(404, "Task Run not found");
    }
    if (!isOpen(metadata)) {
      throw new HttpError(422, "Cannot update metadata for a completed run");
    }
  }

  private boolean isOpen(Metadata metadata) {
    Instant end = metadata.finishedAt();
    return end == null || !end.plus(METADATA_OPEN).isBefore(clock.instant());
  }

  private void change(
      Map<UUID, Metadata> before,
      Map<UUID, String> after,
      UUID runId,
      @Nullable UnaryOperator<@Nullable String> change) {
    Metadata metadata = before.get(runId);
    if (change != null && metadata != null && isOpen(metadata)) {
      String text = after.getOrDefault(runId, metadata.text());
      after.put(runId, String.valueOf(change.apply(text)));
    }
  }

  private static String bounded(String text) {
    if (text.getBytes(StandardCharsets.UTF_8).length > Limits.METADATA_BYTES_MAX) {
      throw metadataTooLarge();
    }
    return text;
  }

  /** Ends the request that would make metadata too large. */
  public static HttpError metadataTooLarge() {
    return new HttpError(
        413, "Metadata exceeds maximum size of " + Limits.METADATA_BYTES_MAX + " bytes");
  }

  /** Moves the time that a delayed run waits for; a time in the past queues it at once. */
  public void reschedule(int environmentId, UUID runId, Instant dueAt) {
    database.transaction(tx -> {
      Instant before = store.lockDelay(tx, environmentId, runId);
      if (before == null) {
        throw new HttpError(400, "Cannot reschedule a run that is not delayed");
      }
      Instant now = clock.instant();
      store.moveDelay(tx, environmentId, runId, before, dueAt.isBefore(now) ? now : dueAt);
      return null;
    });
  }

  /** Frees an idempotency key, so that the next trigger with it makes a new run. */
  public void resetKey(int environmentId, String task, String key) {
    UUID runId = database.transaction(tx -> store.freeKey(tx, environmentId, task, Hash.of(key)));
    if (runId == null) {
      throw new HttpError(404, "No runs found with idempotency key: " + key + " and task: " + task);
    }
  }
}
