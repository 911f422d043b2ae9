package dev.fanfare.bench;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * The items of a streamed batch as newline-delimited JSON, made while they are read, so that a long
 * stream takes no memory here.
 */
final class StreamedItems extends InputStream {
  private static final int LINES_AT_ONCE = 500;

  private final int count;
  private int next;
  private byte[] lines = {};
  private int position;

  StreamedItems(int count) {
    this.count = count;
  }

  private boolean hasMore() {
    if (position == lines.length && next < count) {
      StringBuilder text = new StringBuilder();
      for (int end = Math.min(count, next + LINES_AT_ONCE); next < end; next++) {
        text.append("{\"index\":").append(next).append(",\"task\":\"nothing\",\"payload\":");
        text.append(Tasks.text(next)).append("}\n");
      }
      lines = text.toString().getBytes(StandardCharsets.US_ASCII);
      position = 0;
    }
    return position < lines.length;
  }

  @Override
  public int read() {
    return hasMore() ? lines[position++] : -1;
  }

  @Override
  public int read(byte[] into, int offset, int length) {
    if (!hasMore()) {
      return -1;
    }
    int n = Math.min(length, lines.length - position);
    System.arraycopy(lines, position, into, offset, n);
    position += n;
    return n;
  }
}
