package dev.fanfare.server.text;

/**
 * Halves of surrogate pairs: legal in JSON as escapes, impossible in UTF-8 and so in a database.
 */
public final class Surrogates {
  private Surrogates() {}

  /** The same JSON text with every lone surrogate written as its escape. */
  public static String escaped(String json) {
    StringBuilder escaped = null;
    for (int i = 0; i < json.length(); i++) {
      char c = json.charAt(i);
      boolean lone = Character.isSurrogate(c) && !isPair(json, i);
      if (lone && escaped == null) {
        escaped = new StringBuilder(json.length() + 16).append(json, 0, i);
      }
      if (escaped != null) {
        if (lone) {
          escaped.append(String.format("\\u%04x", (int) c));
        } else {
          escaped.append(c);
        }
      }
    }
    return escaped == null ? json : escaped.toString();
  }

  private static boolean isPair(String text, int i) {
    return Character.isHighSurrogate(text.charAt(i))
        ? i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))
        : i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
  }

  /** Whether a text has a lone surrogate. */
  public static boolean any(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i)) && !isPair(text, i)) {
        return true;
      }
    }
    return false;
  }
}
