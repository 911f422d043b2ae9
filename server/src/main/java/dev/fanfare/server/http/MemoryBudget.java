package dev.fanfare.server.http;

import dev.fanfare.server.config.RequestMemory;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that requests hold at once. Each takes its share while it reads and before it answers,
 * and returns it when its response is sent. When there is too little, a request is refused, not
 * queued: a flood of requests must not use memory. Small requests also have a part of their own.
 * Thread-safe.
 */
final class MemoryBudget {
  /** The largest share of a request that counts as small. */
  private static final long SMALL_MAX = 512 * 1024;

  private static final String SPENT =
      "The server has no memory left for this request at the moment, try again soon";

  private final Amount bodies;
  private final Amount small;
  private final Amount all;

  /**
   * @param bodiesMax the limit on the bytes of all bodies
   * @param smallMax the limit on small requests; beyond it, they take from {@code max} as well
   * @param max the limit on what all other requests hold
   */
  MemoryBudget(long bodiesMax, long smallMax, long max) {
    this.bodies = new Amount(bodiesMax);
    this.small = new Amount(smallMax);
    this.all = new Amount(max);
  }

  /** The budget of a server with this heap. */
  static MemoryBudget ofHeap(long bodiesMax) {
    return new MemoryBudget(bodiesMax, RequestMemory.ofSmall(), RequestMemory.ofOne());
  }

  /** The share of one request, which is empty at first. */
  Share share() {
    return new Share();
  }

  /** What a request holds. Confined to the thread of the request. */
  final class Share {
    private long bodyBytes;
    private long bytes;
    private boolean isSmall;

    /** Takes a number of bytes of the body, without what is made of them; or ends with 503. */
    void takeBody(long more) {
      if (!bodies.take(more)) {
        throw spent("The server holds too many request bodies at the moment, try again soon");
      }
      bodyBytes += more;
    }

    /** Takes memory, or ends the request with 503. */
    void take(long more) {
      long wanted = bytes + more;
      boolean fitsSmall = wanted <= SMALL_MAX && (isSmall || bytes == 0);
      if (fitsSmall && small.take(more)) {
        isSmall = true;
      } else if (isSmall) {
        if (!all.take(wanted)) {
          throw spent(SPENT);
        }
        small.giveBack(bytes);
        isSmall = false;
      } else if (!all.take(more)) {
        throw spent(SPENT);
      }
      bytes = wanted;
    }

    /** Takes memory that is in use already, even beyond the limit. */
    void hold(long more) {
      if (!isSmall) {
        all.add(more);
      } else if (bytes + more <= SMALL_MAX) {
        small.add(more);
      } else {
        all.add(bytes + more);
        small.giveBack(bytes);
        isSmall = false;
      }
      bytes += more;
    }

    /** Whether all requests together hold more than there is, because some had to. */
    boolean isSpent() {
      return all.isExceeded() || small.isExceeded();
    }

    /**
     * Returns what {@link #takeBody} took: once the handler has returned, nothing holds the body.
     */
    void giveBackBody() {
      bodies.giveBack(bodyBytes);
      bodyBytes = 0;
    }

    /** Returns the whole share. */
    void giveBack() {
      giveBackBody();
      (isSmall ? small : all).giveBack(bytes);
      bytes = 0;
      isSmall = false;
    }
  }

  private static HttpError spent(String message) {
    return new HttpError(Response.error(503, message).with("Retry-After", "1"));
  }

  /** A number that is not taken beyond its limit. */
  private static final class Amount {
    private final long max;
    private final AtomicLong taken = new AtomicLong();

    Amount(long max) {
      this.max = max;
    }

    /**
     * Adds {@code more}, or nothing when it exceeds what is left. Compares before it adds: to add
     * first and subtract on failure could refuse a concurrent request that fits.
     */
    boolean take(long more) {
      while (true) {
        long before = taken.get();
        if (before + more > max) {
          return false;
        }
        if (taken.compareAndSet(before, before + more)) {
          return true;
        }
      }
    }

    boolean isExceeded() {
      return taken.get() > max;
    }

    void add(long more) {
      taken.addAndGet(more);
    }

    void giveBack(long less) {
      taken.addAndGet(-less);
    }
  }
}
