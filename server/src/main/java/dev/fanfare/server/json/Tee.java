package dev.fanfare.server.json;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Lets bytes pass to a parser if they are UTF-8, and keeps those from a mark on, so that a value
 * can be had as the text it came in, although the body is never held as a whole.
 */
final class Tee extends InputStream {
  private final InputStream source;
  private final Utf8Check utf8 = new Utf8Check();
  private byte[] kept = new byte[16 * 1024];
  private int length;
  private long keptFrom; // position in the stream of kept[0]

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
      if (length + count > kept.length) {
        kept = Arrays.copyOf(kept, Math.max(kept.length * 2, length + count));
      }
      System.arraycopy(into, offset, kept, length, count);
      length += count;
    }
    return count;
  }

  /** Nothing before {@code position} will be asked for again. */
  void forgetBefore(long position) {
    int dead = (int) (position - keptFrom);
    // Moving the rest each time would be quadratic in the number of values: wait until most is
    // dead.
    if (dead > length / 2) {
      System.arraycopy(kept, dead, kept, 0, length - dead);
      length -= dead;
      keptFrom = position;
    }
  }

  String text(long from, long to) {
    return new String(kept, (int) (from - keptFrom), (int) (to - from), StandardCharsets.UTF_8);
  }
}
