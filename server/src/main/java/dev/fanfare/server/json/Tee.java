package dev.fanfare.server.json;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The input of the parser. It checks that the bytes are UTF-8, and buffers the recent ones, so that
 * a value can be returned as the original text without keeping the whole body in memory. Of a value
 * that is too long, it buffers only the end.
 */
final class Tee extends InputStream {
  /** The bytes that stay when a value is too long; many more than the parser reads at once. */
  private static final int WINDOW = 32 * 1024;

  /** Usually, the beginning of any number is kept: the parser reads it before it is asked for. */
  private static final int KEPT_USUALLY = JsonReader.TEXT_CHARS_MAX + 2 * WINDOW;

  /** Many bodies are short, such as each line of a stream, and clearing a buffer takes time. */
  private static final int FIRST = 1024;

  private final InputStream source;
  private final Utf8Check utf8 = new Utf8Check();
  private byte[] buffer = new byte[FIRST];
  private int length;
  private long bufferStart; // position in the stream of buffer[0]
  private int keptMax = KEPT_USUALLY; // bytes in the buffer
  private boolean inString; // while the end of a string is searched
  private boolean escaped;
  private long stringEnd;

  Tee(InputStream source) {
    this.source = source;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] into, int offset, int max) throws IOException {
    int count = source.read(into, offset, max);
    if (count < 0 ? !utf8.isComplete() : !utf8.accepts(into, offset, offset + count)) {
      throw JsonReader.invalid();
    }
    if (count > 0) {
      if (inString) {
        scanString(into, offset, offset + count, bufferStart + length);
      }
      if (length + count > keptMax) {
        dropBefore(bufferStart + length - WINDOW);
      }
      if (length + count > buffer.length) {
        long doubled = Math.min(keptMax, 2L * buffer.length);
        buffer = Arrays.copyOf(buffer, (int) Math.max(doubled, length + count));
      }
      System.arraycopy(into, offset, buffer, length, count);
      length += count;
    }
    return count;
  }

  /** Keeps a value that begins at {@code position}, if it has at most {@code bytesMax} bytes. */
  void keep(long position, int bytesMax) {
    long before = position - bufferStart;
    keptMax = (int) Math.min(Integer.MAX_VALUE - 16, before + bytesMax + 2 * WINDOW);
  }

  /** Keeps what the parser has read ahead, and short values. */
  void keepAsUsual() {
    keptMax = KEPT_USUALLY;
  }

  /**
   * Searches the end of the string whose opening quote is at {@code position}. Returns false if
   * that quote was dropped, because the parser has read a long string after it.
   */
  boolean findStringEnd(long position) {
    if (position < bufferStart) {
      return false;
    }
    inString = true;
    escaped = false;
    int from = (int) (position + 1 - bufferStart);
    scanString(buffer, from, length, position + 1);
    return true;
  }

  private void scanString(byte[] bytes, int from, int to, long position) {
    for (int i = from; i < to; i++) {
      if (escaped) {
        escaped = false;
      } else if (bytes[i] == '\\') {
        escaped = true;
      } else if (bytes[i] == '"') {
        inString = false;
        stringEnd = position + (i - from) + 1;
        return;
      }
    }
  }

  /** The position after the closing quote of the string that was searched. */
  long stringEnd() {
    return stringEnd;
  }

  /** Lets the buffer drop the bytes before {@code position}. */
  void dropBefore(long position) {
    int dropped = (int) (position - bufferStart);
    // Moving the rest each time would be quadratic: wait until it is the smaller part.
    if (dropped > length / 2) {
      System.arraycopy(buffer, dropped, buffer, 0, length - dropped);
      length -= dropped;
      bufferStart = position;
    }
  }

  /** The text between two positions in the stream; {@code null} if its beginning was dropped. */
  @Nullable String text(long from, long to) {
    if (from < bufferStart) {
      return null;
    }
    int start = (int) (from - bufferStart);
    return new String(buffer, start, (int) (to - from), StandardCharsets.UTF_8);
  }
}
