package dev.fanfare.server.json;

/**
 * A strict check that bytes, which arrive in parts, are UTF-8: no overlong forms, no surrogates.
 * The parser accepts some of both, and different encodings of one text could then bypass checks.
 */
final class Utf8Check {
  private int missing; // continuation bytes that the current character still needs
  private int lowest; // the range of the next continuation byte
  private int highest;

  /** Checks the next part. Returns false when the bytes cannot become valid UTF-8 any more. */
  boolean accepts(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (missing == 0 && bytes[i] >= 0) {
        continue;
      }
      int next = bytes[i] & 0xFF;
      if (missing == 0 ? !begin(next) : !proceed(next)) {
        return false;
      }
    }
    return true;
  }

  /** Whether the bytes so far end with a complete character. */
  boolean isComplete() {
    return missing == 0;
  }

  private boolean begin(int first) {
    lowest = 0x80;
    highest = 0xBF;
    if (first < 0xC2 || first > 0xF4) {
      return false;
    }
    missing = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    switch (first) {
      case 0xE0 -> lowest = 0xA0; // lower bytes are overlong forms
      case 0xED -> highest = 0x9F; // higher bytes are surrogates
      case 0xF0 -> lowest = 0x90; // lower bytes are overlong forms
      case 0xF4 -> highest = 0x8F; // higher bytes are beyond Unicode
      default -> {}
    }
    return true;
  }

  private boolean proceed(int next) {
    if (next < lowest || next > highest) {
      return false;
    }
    missing--;
    lowest = 0x80;
    highest = 0xBF;
    return true;
  }
}
