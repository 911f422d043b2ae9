package dev.fanfare.server.json;

import java.io.IOException;
import java.io.InputStream;
import java.util.function.IntConsumer;

/**
 * A JSON body whose long texts are cut while it is read, for parsers that hold a text several times
 * while they decode it. A cut string is still longer than the limit, so that whoever checks its
 * length refuses it. The rest of the body passes unchanged. Also counts the values. Not
 * thread-safe.
 */
public final class TextCutter extends InputStream {
  /** Longer than any number that a field takes. */
  private static final int NUMBER_CHARS_MAX = 2_000;

  /** How many values are told at a time. */
  private static final int VALUES_STEP = 256;

  private static final int HEX_DIGITS = 4;

  private final InputStream source;
  private final int stringBytesMax;
  private final IntConsumer values;
  private int valuesUntold;
  private boolean inString;
  private long length; // of the current string once decoded, or of the current number
  private boolean cutting;
  private boolean escaped;
  private int hexDigits; // of an escape sequence, still to come
  private int character; // the value of these digits so far

  /**
   * @param stringBytesMax the longest string that is not cut, in bytes of UTF-8 once decoded
   * @param values called with the number of values that were read since the last call; may throw
   */
  public TextCutter(InputStream source, int stringBytesMax, IntConsumer values) {
    this.source = source;
    this.stringBytesMax = stringBytesMax;
    this.values = values;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] into, int offset, int max) throws IOException {
    while (true) {
      int count = source.read(into, offset, max);
      if (count <= 0) {
        return count;
      }
      int kept = offset;
      for (int i = offset; i < offset + count; i++) {
        if (keeps(into[i])) {
          into[kept++] = into[i];
        }
      }
      if (kept > offset) {
        return kept - offset;
      }
    }
  }

  private boolean keeps(byte b) {
    return inString ? keepsOfString(b) : keepsOutside(b);
  }

  private boolean keepsOutside(byte b) {
    if (b == '"') {
      inString = true;
      length = 0;
    } else if (b >= '0' && b <= '9') {
      return ++length <= NUMBER_CHARS_MAX;
    } else {
      length = 0;
      if (b == ',' || b == '[' || b == '{') {
        count();
      }
    }
    return true;
  }

  private void count() {
    if (++valuesUntold == VALUES_STEP) {
      valuesUntold = 0;
      values.accept(VALUES_STEP);
    }
  }

  /** Cuts only before a character, so that what is left is still valid. */
  private boolean keepsOfString(byte b) {
    if (cutting) {
      return endsCut(b);
    }
    if (hexDigits > 0) {
      character = character << 4 | Math.max(0, Character.digit(b, 16));
      if (--hexDigits == 0) {
        length += utf8Length((char) character);
      }
    } else if (escaped) {
      escaped = false;
      if (b == 'u') {
        hexDigits = HEX_DIGITS;
        character = 0;
      } else {
        length++;
      }
    } else if (b == '"') {
      inString = false;
      length = 0;
    } else if (length > stringBytesMax && (b & 0xC0) != 0x80) {
      cutting = true;
      escaped = b == '\\';
      return false;
    } else if (b == '\\') {
      escaped = true;
    } else {
      length++;
    }
    return true;
  }

  /** Drops all but the closing quote. */
  private boolean endsCut(byte b) {
    if (escaped) {
      escaped = false;
    } else if (b == '\\') {
      escaped = true;
    } else if (b == '"') {
      cutting = false;
      inString = false;
      length = 0;
      return true;
    }
    return false;
  }

  /** At least this many bytes; half a surrogate pair is half of four. */
  private static int utf8Length(char c) {
    if (c < 0x80) {
      return 1;
    }
    return c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
  }
}
