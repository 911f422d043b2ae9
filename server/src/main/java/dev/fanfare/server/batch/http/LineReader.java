package dev.fanfare.server.batch.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * Splits a UTF-8 body into lines. It splits bytes, because in UTF-8 the byte of a newline is never
 * part of another character. Of a line that is too long it keeps the beginning only, so memory is
 * bounded. Not thread-safe.
 */
final class LineReader {
  private static final int BUFFER_BYTES = 64 * 1024;

  private final InputStream body;
  private final int bytesMax;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int position;
  private int end;
  private int number;
  private boolean over;

  LineReader(InputStream body, int bytesMax) {
    this.body = body;
    this.bytesMax = bytesMax;
  }

  /**
   * A line.
   *
   * @param number its number among all lines, from 1
   * @param bytes the line; if it is too long, its beginning
   * @param length the length of the whole line, in bytes
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Line(int number, byte[] bytes, long length) {
    boolean tooLong() {
      return length > bytes.length;
    }
  }

  /** The next line that is not blank, or {@code null} at the end. */
  @Nullable Line next() {
    while (!over) {
      Line line = read();
      if (line.tooLong() || !isBlank(line.bytes())) {
        return line;
      }
    }
    return null;
  }

  private static boolean isBlank(byte[] line) {
    for (byte b : line) {
      if (b != ' ' && b != '\t' && b != '\r') {
        return false;
      }
    }
    return true;
  }

  private Line read() {
    ByteArrayOutputStream kept = new ByteArrayOutputStream(256);
    long length = 0;
    number++;
    while (true) {
      if (position == end && !fill()) {
        over = true;
        return new Line(number, kept.toByteArray(), length);
      }
      int from = position;
      while (position < end && buffer[position] != '\n') {
        position++;
      }
      length += position - from;
      kept.write(buffer, from, Math.min(position - from, bytesMax - kept.size()));
      if (position < end) {
        position++;
        return new Line(number, kept.toByteArray(), length);
      }
    }
  }

  private boolean fill() {
    try {
      position = 0;
      end = Math.max(0, body.read(buffer));
      return end > 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
