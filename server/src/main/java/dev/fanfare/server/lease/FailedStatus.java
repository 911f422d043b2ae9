package dev.fanfare.server.lease;

import dev.fanfare.protocol.RunError;
import dev.fanfare.protocol.RunStatus;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The state of a run whose last attempt failed: what a task did wrong differs from what broke. */
final class FailedStatus {
  /** Platform codes that still speak of the task's own code. */
  private static final Set<String> OF_TASK =
      Set.of(
          "TASK_INPUT_ERROR",
          "TASK_OUTPUT_ERROR",
          "TASK_MIDDLEWARE_ERROR",
          "TASK_RUN_UNCAUGHT_EXCEPTION",
          "RECURSIVE_WAIT_DEADLOCK");

  private static final Set<String> OF_PROCESS =
      Set.of(
          "TASK_PROCESS_OOM_KILLED",
          "TASK_PROCESS_MAYBE_OOM_KILLED",
          "TASK_PROCESS_SIGSEGV",
          "DISK_SPACE_EXCEEDED",
          "OUTDATED_SDK_VERSION",
          "HANDLE_ERROR_ERROR",
          "TASK_RUN_CRASHED",
          "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE");

  private FailedStatus() {}

  static RunStatus of(@Nullable RunError error) {
    if (error == null || error.type() != RunError.Type.INTERNAL_ERROR || error.code() == null) {
      return RunStatus.FAILED;
    }
    String code = error.code();
    if (code.equals(RunError.Codes.CANCELED)) {
      return RunStatus.CANCELED;
    }
    if (code.equals(RunError.Codes.TOO_LONG)) {
      return RunStatus.TIMED_OUT;
    }
    if (OF_TASK.contains(code)) {
      return RunStatus.FAILED;
    }
    return OF_PROCESS.contains(code) ? RunStatus.CRASHED : RunStatus.SYSTEM_FAILURE;
  }
}
