package dev.fanfare.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * A request body while it is read: counted against the route's limit and against the budget of all
 * bodies in flight, whatever the client announced. Of a body that is used up while it is read, only
 * what its reader holds at most is counted against the budget.
 */
final class Body extends InputStream {
  /** Taken from the budget at a time: what was read counts, not what was announced. */
  private static final int STEP = 64 * 1024;

  private final InputStream source;
  private final long limit;
  private final long heldMax;
  private final BodyBudget budget;
  private long read;
  private long taken;

  /**
   * @param source decoded bytes, which a compressed body has more of than it announced
   * @param heldMax most bytes that its reader holds at once
   * @param announced the announced length, or 0 when there is none
   */
  Body(InputStream source, long limit, long heldMax, long announced, BodyBudget budget) {
    this.source = source;
    this.limit = limit;
    this.heldMax = heldMax;
    this.budget = budget;
    if (announced > limit) {
      throw tooLarge();
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    int count = readSource(into, offset, length);
    if (count > 0) {
      read += count;
      if (read > limit) {
        throw tooLarge();
      }
      if (read > taken && taken < heldMax) {
        // No more than the longest body may need, which the settings let fit into the budget.
        take(Math.min(Math.max(STEP, read - taken), heldMax - taken));
      }
    }
    return count;
  }

  /** Helidon meets malformed chunks, and what is not gzip, with all kinds of exceptions. */
  private int readSource(byte[] into, int offset, int length) throws IOException {
    try {
      return source.read(into, offset, length);
    } catch (HttpError e) {
      throw e;
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (RuntimeException e) {
      throw new HttpError(Response.error(400, "The request body is malformed").closing());
    }
  }

  private void take(long bytes) {
    if (!budget.take(bytes)) {
      throw new HttpError(
          Response.error(
                  503, "The server holds too many request bodies at the moment, try again soon")
              .with("Retry-After", "1"));
    }
    taken += bytes;
  }

  /** Ends the request's claim on the budget. */
  void giveBack() {
    budget.giveBack(taken);
    taken = 0;
  }

  private static HttpError tooLarge() {
    return new HttpError(413, "Request body too large");
  }
}
