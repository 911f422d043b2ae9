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
 * The versions that new runs are locked to. A locked run queues in the queue that its version
 * declared for the task, or in another queue of that version.
 */
final class LockedVersions {
  private final Map<String, Version> versions;

  private LockedVersions(Map<String, Version> versions) {
    this.versions = versions;
  }

  /** Reads the versions in one statement, or in none when no run is locked. */
  static LockedVersions of(Tx tx, List<NewRun> runs) {
    Set<String> names = new LinkedHashSet<>();
    for (NewRun run : runs) {
      if (run.lockToVersion() != null) {
        names.add(run.lockToVersion());
      }
    }
    return new LockedVersions(names.isEmpty() ? Map.of() : new VersionStore().find(tx, names));
  }

  /** Why a run cannot be locked to its version; {@code null} when it can be or is not locked. */
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

  /** The id of the version that a run, which is not rejected, is locked to; 0: not locked. */
  int versionId(NewRun run) {
    return run.lockToVersion() == null ? 0 : version(run).id();
  }

  /** The queue of a locked run that is not rejected. */
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
