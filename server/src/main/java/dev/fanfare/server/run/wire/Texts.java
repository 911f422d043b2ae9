package dev.fanfare.server.run.wire;

import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.run.Surrogates;

/** Names that are compared and searched must be texts a database can hold. */
public final class Texts {
  private Texts() {}

  /** Refuses U+0000 and lone surrogates; payloads, outputs and metadata may carry both. */
  public static String storable(String where, String text) {
    if (text.indexOf(0) >= 0 || Surrogates.any(text)) {
      throw HttpError.validation(where + ": must not contain U+0000 or half a surrogate pair");
    }
    return text;
  }

  /** As much of a text as a message repeats. */
  static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }
}
