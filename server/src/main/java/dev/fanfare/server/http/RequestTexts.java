package dev.fanfare.server.http;

import dev.fanfare.protocol.Limits;
import dev.fanfare.protocol.Surrogates;

/** Checks of names in requests, which the database must be able to store and search. */
public final class RequestTexts {
  private RequestTexts() {}

  /** Rejects U+0000 and lone surrogates. Payloads, outputs and metadata may contain both. */
  public static String storable(String where, String text) {
    if (text.indexOf(0) >= 0 || Surrogates.hasLone(text)) {
      throw HttpError.validation(where + ": must not contain U+0000 or half a surrogate pair");
    }
    return text;
  }

  /** The beginning of a text, short enough to repeat in an error text. */
  public static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }

  /** Rejects a text that cannot be the id of a task. */
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
