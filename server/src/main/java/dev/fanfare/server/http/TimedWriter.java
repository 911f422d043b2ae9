package dev.fanfare.server.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;
import java.time.Duration;

/**
 * Sends to a client, and tells others since when it does. A socket has no time limit for writes: a
 * client that does not read would hold its thread, and the memory of its answer, for ever. It sends
 * a long answer in parts, so that a slow client is not taken for one that does not read.
 */
final class TimedWriter implements DataWriter {
  private static final int PART_BYTES = 64 * 1024;
  private static final long NOT_WRITING = 0;

  private final DataWriter writer;
  private volatile long sinceNanos = NOT_WRITING;
  private long sentBytes; // used by the thread of the connection only

  TimedWriter(DataWriter writer) {
    this.writer = writer;
  }

  /** Whether the client has not taken a part for this time. */
  boolean isWritingSince(Duration time) {
    long since = sinceNanos;
    return since != NOT_WRITING && System.nanoTime() - since > time.toNanos();
  }

  /** How much was sent, or may have been. For the thread of the connection. */
  long sentBytes() {
    return sentBytes;
  }

  @Override
  public void write(BufferData... buffers) {
    for (BufferData buffer : buffers) {
      write(buffer);
    }
  }

  @Override
  public void write(BufferData buffer) {
    timed(buffer, false);
  }

  @Override
  public void writeNow(BufferData... buffers) {
    for (BufferData buffer : buffers) {
      writeNow(buffer);
    }
  }

  @Override
  public void writeNow(BufferData buffer) {
    timed(buffer, true);
  }

  private void timed(BufferData buffer, boolean now) {
    try {
      if (buffer.available() <= PART_BYTES) {
        part(buffer, now);
        return;
      }
      byte[] bytes = new byte[PART_BYTES];
      while (buffer.available() > 0) {
        int count = buffer.read(bytes, 0, Math.min(PART_BYTES, buffer.available()));
        part(BufferData.create(bytes, 0, count), now);
      }
    } finally {
      sinceNanos = NOT_WRITING;
    }
  }

  private void part(BufferData part, boolean now) {
    sinceNanos = System.nanoTime() | 1; // never the value that means none
    sentBytes += part.available();
    if (now) {
      writer.writeNow(part);
    } else {
      writer.write(part);
    }
  }

  @Override
  public void flush() {
    writer.flush();
  }

  @Override
  public void close() {
    writer.close();
  }
}
