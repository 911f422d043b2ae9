package dev.fanfare.acceptance.chaos;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;

/**
 * A request body of any length that takes no memory: a text that is repeated between two others.
 *
 * @param before the beginning
 * @param unit the text that is repeated
 * @param times how often
 * @param after the end
 * @param isChunked whether it is sent in chunks, without its length
 */
record LongBody(String before, String unit, int times, String after, boolean isChunked) {
  private static final int BLOCK_BYTES = 64 * 1024;

  LongBody(String before, String unit, int times, String after) {
    this(before, unit, times, after, false);
  }

  /** A body that repeats {@code unit} until it has about {@code bytes} bytes. */
  static LongBody of(long bytes, String before, String unit, String after) {
    return new LongBody(before, unit, (int) (bytes / bytes(unit).length), after);
  }

  /** As {@link #of(long, String, String, String)}, with blanks at the end up to the exact size. */
  static LongBody exactly(long bytes, String before, String unit, String after) {
    long rest = bytes - bytes(before).length - bytes(after).length;
    int times = (int) (rest / bytes(unit).length);
    int blanks = (int) (rest - (long) times * bytes(unit).length);
    return new LongBody(before, unit, times, after + " ".repeat(blanks));
  }

  static LongBody of(String text) {
    return new LongBody(text, " ", 0, "");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  LongBody chunked() {
    return new LongBody(before, unit, times, after, true);
  }

  long length() {
    return bytes(before).length + (long) bytes(unit).length * times + bytes(after).length;
  }

  HttpRequest.BodyPublisher publisher() {
    HttpRequest.BodyPublisher bytes = HttpRequest.BodyPublishers.ofInputStream(this::stream);
    return isChunked ? bytes : HttpRequest.BodyPublishers.fromPublisher(bytes, length());
  }

  InputStream stream() {
    return new SequenceInputStream(
        Collections.enumeration(
            List.of(
                new ByteArrayInputStream(bytes(before)),
                repeated(),
                new ByteArrayInputStream(bytes(after)))));
  }

  private InputStream repeated() {
    byte[] one = bytes(unit);
    int perBlock = Math.max(1, BLOCK_BYTES / one.length);
    byte[] block = bytes(unit.repeat(perBlock));
    return new InputStream() {
      private long left = (long) one.length * times;
      private int position;

      @Override
      public int read() {
        byte[] single = new byte[1];
        return read(single, 0, 1) < 0 ? -1 : single[0] & 0xFF;
      }

      @Override
      public int read(byte[] into, int offset, int length) {
        if (left == 0) {
          return -1;
        }
        int count = (int) Math.min(left, Math.min(length, block.length - position));
        System.arraycopy(block, position, into, offset, count);
        position = (position + count) % block.length;
        left -= count;
        return count;
      }
    };
  }

  /** The beginning, for failure messages. */
  @Override
  public String toString() {
    return (before + unit).substring(0, Math.min(60, (before + unit).length())) + "… × " + times;
  }
}
