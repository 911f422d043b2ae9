package dev.fanfare.server.trigger;

import dev.fanfare.server.db.Tx;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.task.VersionStore;
import dev.fanfare.server.task.VersionStore.Version;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The versions that new runs are locked to, as they stand now, and where such runs queue: in the
 * queue that their version declared for the task, or in another one of its queues.
 */
final class LockedVersions {
  private final Map<String, Version> versions;

  private LockedVersions(Map<String, Version> versions) {
    this.versions = versions;
  }

  /** Looks the versions up in one statement, or in none when no run is locked. */
  static LockedVersions of(Tx tx, List<NewRun> runs) {
    Set<String> names = new LinkedHashSet<>();
    for (NewRun run : runs) {
      if (run.lockToVersion() != null) {
        names.add(run.lockToVersion());
      }
    }
    return new LockedVersions(names.isEmpty() ? Map.of() : new VersionStore().find(tx, names));
  }

  /** Why a run cannot be locked as it asks; {@code null} when it can, or does not ask. */
  @Nullable String rejection(NewRun run) {
    String name = run.lockToVersion();
    if (name == null) {
      return null;
    }
    Version version = versions.get(name);
    if (version == null) {
      return "Task locked to version '" + name + "', but no worker found with that version.";
    }
    if (!version.queueByTask().containsKey(run.task())) {
      return "Task '" + run.task() + "' not found on locked version '" + name + "'.";
    }
    if (run.queue() != null && !version.queueByName().containsKey(run.queue())) {
      return "Specified queue '"
          + run.queue()
          + "' not found or not associated with locked version '"
          + name
          + "'.";
    }
    return null;
  }

  /** The number of the version that a run is locked to, which must be possible; 0: to none. */
  int versionId(NewRun run) {
    return run.lockToVersion() == null ? 0 : version(run).id();
  }

  /** The queue of a locked run. */
  int queueId(NewRun run) {
    Version version = version(run);
    return Objects.requireNonNull(
        run.queue() == null
            ? version.queueByTask().get(run.task())
            : version.queueByName().get(run.queue()));
  }

  private Version version(NewRun run) {
    return Objects.requireNonNull(versions.get(run.lockToVersion()));
  }
}
