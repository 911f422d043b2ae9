package dev.fanfare.protocol;

import org.jspecify.annotations.Nullable;

/**
 * Why a run or an attempt failed, in the shape the public API stores: a union told apart by {@code
 * type}.
 *
 * @param type which of the four kinds; the other fields depend on it
 * @param name {@code BUILT_IN_ERROR}: the exception's class name
 * @param message {@code BUILT_IN_ERROR}: the exception's message; {@code INTERNAL_ERROR}: optional
 * @param stackTrace {@code BUILT_IN_ERROR}: the stack trace as text; {@code INTERNAL_ERROR}:
 *     optional
 * @param raw {@code STRING_ERROR}: the text; {@code CUSTOM_ERROR}: JSON text
 * @param code {@code INTERNAL_ERROR}: one of the platform's codes, see {@link Codes}
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
    /** A bare text. */
    STRING_ERROR,
    /** Any JSON value that was thrown. */
    CUSTOM_ERROR,
    /** Raised by the platform, not by the task. */
    INTERNAL_ERROR
  }

  /**
   * Codes of {@link Type#INTERNAL_ERROR} that Fanfare itself writes; clients know a closed list.
   */
  public static final class Codes {
    /** Claimed and never started, too often. */
    public static final String DEQUEUED_TOO_OFTEN = "TASK_RUN_DEQUEUED_MAX_RETRIES";

    /** Its worker was lost while it was executing, too often. */
    public static final String STALLED = "TASK_RUN_STALLED_EXECUTING";

    /** The run was canceled. */
    public static final String CANCELED = "TASK_RUN_CANCELLED";

    /** The item could not become a proper run. */
    public static final String COULD_NOT_TRIGGER = "BATCH_ITEM_COULD_NOT_TRIGGER";

    /** The item was longer than an item may be. */
    public static final String PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE";

    /** An attempt ran longer than it may. */
    public static final String TOO_LONG = "MAX_DURATION_EXCEEDED";

    private Codes() {}
  }

  /** An exception that a task threw. */
  public static RunError builtIn(String name, String message, String stackTrace) {
    return new RunError(Type.BUILT_IN_ERROR, name, message, stackTrace, null, null);
  }

  /** A bare text. */
  public static RunError text(String raw) {
    return new RunError(Type.STRING_ERROR, null, null, null, raw, null);
  }

  /** A failure of the platform. */
  public static RunError internal(String code, String message) {
    return new RunError(Type.INTERNAL_ERROR, null, message, null, null, code);
  }

  /** The one line a person reads first. */
  public String summary() {
    return switch (type) {
      case BUILT_IN_ERROR -> name + ": " + message;
      case STRING_ERROR, CUSTOM_ERROR -> String.valueOf(raw);
      case INTERNAL_ERROR -> message == null ? String.valueOf(code) : code + ": " + message;
    };
  }
}
