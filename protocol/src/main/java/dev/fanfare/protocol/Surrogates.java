package dev.fanfare.protocol;

import java.util.Locale;

/**
 * Lone surrogates: halves of a surrogate pair. Java strings and JSON escapes can contain them;
 * UTF-8 and PostgreSQL cannot.
 */
public final class Surrogates {
  private Surrogates() {}

  /** Whether a text contains a lone surrogate. */
  public static boolean hasLone(String text) {
    return indexOfLone(text, 0) >= 0;
  }

  /**
   * Replaces every lone surrogate of a JSON text by its escape. They can only occur inside strings,
   * so the JSON has the same value, and can be encoded as UTF-8. Returns {@code json} itself in the
   * usual case of none.
   */
  public static String escapeLone(String json) {
    int first = indexOfLone(json, 0);
    if (first < 0) {
      return json;
    }
    StringBuilder escaped = new StringBuilder(json.length() + 16);
    int from = 0;
    for (int i = first; i >= 0; i = indexOfLone(json, from)) {
      escaped
          .append(json, from, i)
          .append(String.format(Locale.ROOT, "\\u%04x", (int) json.charAt(i)));
      from = i + 1;
    }
    return escaped.append(json, from, json.length()).toString();
  }

  /** Replaces every lone surrogate of a plain text, which has no escapes, by U+FFFD. */
  public static String replaceLone(String text) {
    int i = indexOfLone(text, 0);
    if (i < 0) {
      return text;
    }
    StringBuilder replaced = new StringBuilder(text);
    for (; i >= 0; i = indexOfLone(text, i + 1)) {
      replaced.setCharAt(i, '\uFFFD');
    }
    return replaced.toString();
  }

  /** The index of the first lone surrogate from {@code from} on, or -1. */
  private static int indexOfLone(String text, int from) {
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (Character.isHighSurrogate(c)
            && i + 1 < text.length()
            && Character.isLowSurrogate(text.charAt(i + 1))) {
          i++;
        } else {
          return i;
        }
      }
    }
    return -1;
  }
}
