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
 * Whether the parents that a request names may be named: a token needs the right to write them, and
 * one that is to go on when its child has ended must not be final. Asks the database, once for the
 * whole request, only when there is something to ask.
 */
public final class CheckParents {
  private final ReadRuns runs;

  public CheckParents(ReadRuns runs) {
    this.runs = runs;
  }

  /** Ends the request with 403 or 422 when {@code runs} may not be triggered as children. */
  public void check(Caller caller, List<NewRun> runs) {
    Map<NamedParent, String> intents = new LinkedHashMap<>();
    for (NewRun run : runs) {
      if (run.parent() != null) {
        intents.putIfAbsent(run.parent(), "trigger " + run.task());
      }
    }
    check(caller, intents);
  }

  /**
   * Ends the request with 403 or 422 when one of these parents may not be named.
   *
   * @param intents what is to be done under each of them, for the message
   */
  public void check(Caller caller, Map<NamedParent, String> intents) {
    intents.keySet().forEach(parent -> requireWritable(caller, parent));
    List<UUID> asked =
        intents.keySet().stream()
            .filter(parent -> caller.hasToken() || parent.resumes())
            .map(NamedParent::runId)
            .filter(Objects::nonNull)
            .distinct()
            .toList();
    if (asked.isEmpty()) {
      return;
    }
    int environmentId = caller.environment().id();
    Map<UUID, RunStatus> statuses = runs.statuses(environmentId, asked);
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

  /** A token is not told whether the run does not exist or is none of its own. */
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
