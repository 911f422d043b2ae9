package dev.fanfare.server.http;

import dev.fanfare.server.config.RequestMemory.Decoding;
import io.helidon.common.buffers.DataReader.InsufficientDataAvailableException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.zip.ZipException;

/**
 * A request body while it is read. Its actual bytes, not the announced length, count against the
 * route's limit and against the memory for requests, together with what is made of them. Of a body
 * that its reader processes in parts, only the part in memory counts against the budget.
 */
final class Body extends InputStream {
  /** The number of bytes to take from the budget at a time. */
  private static final int STEP = 64 * 1024;

  private final InputStream source;
  private final long limit;
  private final long heldMax;
  private final Decoding decoding;
  private final MemoryBudget.Share share;
  private long read;
  private long taken;

  /**
   * @param source the decompressed bytes, which can be more than the announced ones
   * @param limit the maximum size in bytes
   * @param heldMax the maximum number of bytes that the reader keeps in memory at once
   * @param decoding what the reader makes of the body
   * @param announced the value of {@code Content-Length}, or 0 without one
   */
  Body(
      InputStream source,
      long limit,
      long heldMax,
      Decoding decoding,
      long announced,
      MemoryBudget.Share share) {
    this.source = source;
    this.limit = limit;
    this.heldMax = heldMax;
    this.decoding = decoding;
    this.share = share;
    if (announced > limit) {
      throw tooLarge();
    }
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] into, int offset, int length) {
    int count = readSource(into, offset, length);
    if (count > 0) {
      read += count;
      if (read > limit) {
        throw tooLarge();
      }
      if (read > taken && taken < heldMax) {
        // Never more than heldMax: the settings ensure that the longest body fits the budget.
        take(Math.min(Math.max(STEP, read - taken), heldMax - taken));
      }
    }
    return count;
  }

  /**
   * Tells a body that is malformed from one that did not arrive whole: the end of the connection,
   * its silence, or the end of a gzip stream in its middle. Helidon reports malformed chunks with
   * various runtime exceptions.
   */
  private int readSource(byte[] into, int offset, int length) {
    try {
      return source.read(into, offset, length);
    } catch (HttpError e) {
      throw e;
    } catch (ZipException e) {
      throw malformed();
    } catch (IOException | UncheckedIOException | InsufficientDataAvailableException e) {
      throw HttpError.incomplete();
    } catch (RuntimeException e) {
      throw malformed();
    }
  }

  private static HttpError malformed() {
    return new HttpError(Response.error(400, "The request body is malformed").closing());
  }

  private void take(long bytes) {
    share.takeBody(bytes);
    share.take(decoding.cost(taken + bytes) - decoding.cost(taken));
    taken += bytes;
  }

  private static HttpError tooLarge() {
    return new HttpError(413, "Request body too large");
  }
}
