package dev.fanfare.server.run.http;

import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.run.Run;
import dev.fanfare.server.run.StoredError;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes the execution result of a final run, in the form that a waiting parent receives. */
public final class ResultJson {
  private ResultJson() {}

  /** The result of a final run. */
  public static Map<String, Object> result(Run run) {
    Map<String, Object> result = new LinkedHashMap<>();
    boolean ok = run.status() == RunStatus.COMPLETED;
    result.put("ok", ok);
    result.put("id", PublicId.format(PublicId.RUN, run.id()));
    result.put("taskIdentifier", run.task());
    if (ok) {
      if (run.output() != null) {
        result.put("output", run.output());
      }
      result.put("outputType", run.outputType() == null ? "application/json" : run.outputType());
    } else {
      result.put("error", error(run));
    }
    result.put("usage", Map.of("durationMs", run.durationMillis()));
    return result;
  }

  private static RunError error(Run run) {
    if (run.error() != null) {
      return StoredError.read(run.error());
    }
    return run.status() == RunStatus.CANCELED
        ? RunError.internal(RunError.Codes.CANCELED, "The run was canceled")
        : RunError.internal("UNSPECIFIED_ERROR", "The run ended as " + run.status());
  }
}
