package dev.fanfare.server.http;

import dev.fanfare.protocol.Limits;
import dev.fanfare.protocol.Surrogates;

/** Names that are compared and searched must be texts a database can hold. */
public final class Texts {
  private Texts() {}

  /** Refuses U+0000 and lone surrogates; payloads, outputs and metadata may carry both. */
  public static String storable(String where, String text) {
    if (text.indexOf(0) >= 0 || Surrogates.hasLone(text)) {
      throw HttpError.validation(where + ": must not contain U+0000 or half a surrogate pair");
    }
    return text;
  }

  /** As much of a text as a message repeats. */
  public static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }

  /** Refuses what cannot be the id of a task. */
  public static String taskId(String where, String task) {
    if (task.isBlank()) {
      throw HttpError.validation(where + ": must not be empty");
    }
    if (task.length() > Limits.TASK_ID_CHARS_MAX) {
      throw HttpError.validation(
          where + ": must have at most " + Limits.TASK_ID_CHARS_MAX + " characters");
    }
    return storable(where, task);
  }
}
