package dev.fanfare.server.lease;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunError.Codes;
import dev.fanfare.protocol.RunError.WorkerCodes;
import dev.fanfare.protocol.RunStatus;
import org.jspecify.annotations.Nullable;

/** The final state of a run whose last attempt failed, by the error of that attempt. */
final class FailedStatus {
  private FailedStatus() {}

  static RunStatus of(@Nullable RunError error) {
    if (error == null || error.type() != RunError.Type.INTERNAL_ERROR || error.code() == null) {
      return RunStatus.FAILED;
    }
    String code = error.code();
    if (code.equals(Codes.CANCELED)) {
      return RunStatus.CANCELED;
    }
    if (code.equals(Codes.TOO_LONG)) {
      return RunStatus.TIMED_OUT;
    }
    if (code.equals(Codes.OUTPUT) || WorkerCodes.TASK_FAILURES.contains(code)) {
      return RunStatus.FAILED;
    }
    return WorkerCodes.CRASHES.contains(code) ? RunStatus.CRASHED : RunStatus.SYSTEM_FAILURE;
  }
}
