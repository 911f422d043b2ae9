package dev.fanfare.protocol;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Why a run or an attempt failed, in the public API's format: a union discriminated by {@code
 * type}.
 *
 * @param type the kind of error; it determines which other fields are present
 * @param name {@code BUILT_IN_ERROR}: the exception's class name
 * @param message {@code BUILT_IN_ERROR}: the exception's message; {@code INTERNAL_ERROR}: optional
 * @param stackTrace {@code BUILT_IN_ERROR}: the stack trace as text; {@code INTERNAL_ERROR}:
 *     optional
 * @param raw {@code STRING_ERROR}: the text; {@code CUSTOM_ERROR}: JSON text
 * @param code {@code INTERNAL_ERROR}: the error code, see {@link Codes} and {@link WorkerCodes}
 */
public record RunError(
    Type type,
    @Nullable String name,
    @Nullable String message,
    @Nullable String stackTrace,
    @Nullable String raw,
    @Nullable String code) {

  /** The kinds of error. */
  public enum Type {
    /** An exception with a name, a message and a stack trace. */
    BUILT_IN_ERROR,
    /** A plain string. */
    STRING_ERROR,
    /** Any JSON value that was thrown. */
    CUSTOM_ERROR,
    /** Raised by Fanfare, not by the task. */
    INTERNAL_ERROR
  }

  /**
   * The codes of {@link Type#INTERNAL_ERROR} that Fanfare itself raises, out of the closed list
   * that clients know.
   */
  public static final class Codes {
    /** The run was claimed without being started too many times. */
    public static final String DEQUEUED_TOO_OFTEN = "TASK_RUN_DEQUEUED_MAX_RETRIES";

    /** The run lost its worker while executing too many times. */
    public static final String STALLED = "TASK_RUN_STALLED_EXECUTING";

    /** The run was canceled. */
    public static final String CANCELED = "TASK_RUN_CANCELLED";

    /** The batch item could not be turned into a run. */
    public static final String COULD_NOT_TRIGGER = "BATCH_ITEM_COULD_NOT_TRIGGER";

    /** The batch item exceeded the size limit of an item. */
    public static final String PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE";

    /** An attempt exceeded its max duration. */
    public static final String TOO_LONG = "MAX_DURATION_EXCEEDED";

    /** The output of the attempt is too long or cannot be stored. */
    public static final String OUTPUT = "TASK_OUTPUT_ERROR";

    private Codes() {}
  }

  /**
   * The codes of {@link Type#INTERNAL_ERROR} that only workers raise, by the final state of the
   * run. A worker's code that is in neither set and not in {@link Codes} ends the run as {@link
   * RunStatus#SYSTEM_FAILURE}.
   */
  public static final class WorkerCodes {
    /** The task's own code failed: the run ends as {@link RunStatus#FAILED}. */
    public static final Set<String> TASK_FAILURES =
        Set.of(
            "TASK_INPUT_ERROR",
            "TASK_MIDDLEWARE_ERROR",
            "TASK_RUN_UNCAUGHT_EXCEPTION",
            "RECURSIVE_WAIT_DEADLOCK");

    /** The process that executed the attempt failed: the run ends as {@link RunStatus#CRASHED}. */
    public static final Set<String> CRASHES =
        Set.of(
            "TASK_PROCESS_OOM_KILLED",
            "TASK_PROCESS_MAYBE_OOM_KILLED",
            "TASK_PROCESS_SIGSEGV",
            "DISK_SPACE_EXCEEDED",
            "OUTDATED_SDK_VERSION",
            "HANDLE_ERROR_ERROR",
            "TASK_RUN_CRASHED",
            "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE");

    private WorkerCodes() {}
  }

  /** An exception that a task threw. */
  public static RunError builtIn(String name, String message, String stackTrace) {
    return new RunError(Type.BUILT_IN_ERROR, name, message, stackTrace, null, null);
  }

  /** A plain string. */
  public static RunError text(String raw) {
    return new RunError(Type.STRING_ERROR, null, null, null, raw, null);
  }

  /** An error raised by Fanfare itself. */
  public static RunError internal(String code, String message) {
    return new RunError(Type.INTERNAL_ERROR, null, message, null, null, code);
  }

  /** A one-line, human-readable summary. */
  public String summary() {
    return switch (type) {
      case BUILT_IN_ERROR -> name + ": " + message;
      case STRING_ERROR, CUSTOM_ERROR -> String.valueOf(raw);
      case INTERNAL_ERROR -> message == null ? String.valueOf(code) : code + ": " + message;
    };
  }
}
