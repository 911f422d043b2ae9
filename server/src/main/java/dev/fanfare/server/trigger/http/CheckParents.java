package dev.fanfare.server.trigger.http;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.access.http.Caller;
import dev.fanfare.server.access.http.Scopes;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.run.NamedParent;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.ReadRuns;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/**
 * Checks the parents that a trigger names: a token needs the scope to write them, and a parent that
 * is to resume must not be final. It reads the database at most once for a request, and only when a
 * token or a resuming parent requires it.
 */
public final class CheckParents {
  private final ReadRuns readRuns;

  public CheckParents(ReadRuns readRuns) {
    this.readRuns = readRuns;
  }

  /** Rejects the request with 403 or 422 when a run may not be triggered under its parent. */
  public void check(Caller caller, List<NewRun> children) {
    Map<NamedParent, String> intents = new LinkedHashMap<>();
    for (NewRun child : children) {
      if (child.parent() != null) {
        intents.putIfAbsent(child.parent(), "trigger " + child.task());
      }
    }
    check(caller, intents);
  }

  /**
   * Rejects the request with 403 or 422 when one of these parents may not be named.
   *
   * @param intents what the request does under each parent, for the message
   */
  public void check(Caller caller, Map<NamedParent, String> intents) {
    intents.keySet().forEach(parent -> requireWritable(caller, parent));
    List<UUID> parentIds =
        intents.keySet().stream()
            .filter(parent -> caller.hasToken() || parent.resumes())
            .map(NamedParent::runId)
            .filter(Objects::nonNull)
            .distinct()
            .toList();
    if (parentIds.isEmpty()) {
      return;
    }
    Map<UUID, RunStatus> statuses = readRuns.statuses(caller.environment().id(), parentIds);
    intents.forEach((parent, intent) -> {
      RunStatus status = parent.runId() == null ? null : statuses.get(parent.runId());
      if (status == null && caller.hasToken()) {
        throw unauthorized();
      }
      if (status != null && status.isFinal() && parent.resumes()) {
        throw new HttpError(
            422, "Cannot " + intent + " as the parent run has a status of " + status);
      }
    });
  }

  /** The error is the same for an unknown run, so that a token cannot probe for runs. */
  private static void requireWritable(Caller caller, NamedParent parent) {
    UUID runId = parent.runId();
    if (caller.hasToken()
        && (runId == null
            || !caller.may("write", Scopes.one("runs", PublicId.format(PublicId.RUN, runId))))) {
      throw unauthorized();
    }
  }

  private static HttpError unauthorized() {
    return new HttpError(403, "Unauthorized");
  }
}
