package dev.fanfare.server.json;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The input of the parser. It checks that the bytes are UTF-8, and buffers the recent ones, so that
 * a value can be returned as the original text without keeping the whole body in memory.
 */
final class Tee extends InputStream {
  private final InputStream source;
  private final Utf8Check utf8 = new Utf8Check();
  private byte[] buffer = new byte[16 * 1024];
  private int length;
  private long bufferStart; // position in the stream of buffer[0]

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
      if (length + count > buffer.length) {
        buffer = Arrays.copyOf(buffer, Math.max(buffer.length * 2, length + count));
      }
      System.arraycopy(into, offset, buffer, length, count);
      length += count;
    }
    return count;
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

  /** The text between two positions in the stream, which must still be buffered. */
  String text(long from, long to) {
    int start = (int) (from - bufferStart);
    return new String(buffer, start, (int) (to - from), StandardCharsets.UTF_8);
  }
}
