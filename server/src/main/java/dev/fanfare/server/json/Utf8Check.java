package dev.fanfare.server.json;

/**
 * Whether bytes that come in parts are UTF-8, strictly: no overlong forms, no surrogates. The
 * parser lets some of both pass, and two spellings of one text could then get by two different
 * checks.
 */
final class Utf8Check {
  private int missing; // continuation bytes of the character at hand
  private int lowest; // what the next of them may be
  private int highest;

  /** Takes the next part; false when it cannot be UTF-8 whatever comes behind it. */
  boolean accepts(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (missing == 0 && bytes[i] >= 0) {
        continue;
      }
      int next = bytes[i] & 0xFF;
      if (missing == 0 ? !begin(next) : !goOn(next)) {
        return false;
      }
    }
    return true;
  }

  /** Whether it ended between two characters. */
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
      case 0xE0 -> lowest = 0xA0; // what is below is overlong
      case 0xED -> highest = 0x9F; // above are surrogates
      case 0xF0 -> lowest = 0x90;
      case 0xF4 -> highest = 0x8F; // above is no Unicode
      default -> {}
    }
    return true;
  }

  private boolean goOn(int next) {
    if (next < lowest || next > highest) {
      return false;
    }
    missing--;
    lowest = 0x80;
    highest = 0xBF;
    return true;
  }
}
