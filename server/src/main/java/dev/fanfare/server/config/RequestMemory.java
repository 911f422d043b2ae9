package dev.fanfare.server.config;

/**
 * The part of the heap that requests may use, and how much of it a request body takes. All that a
 * request holds counts: its body, the texts and objects it becomes, and the copies that the
 * database driver makes while it sends them.
 */
public final class RequestMemory {
  private static final long MIB = 1024 * 1024;

  /** What the server itself needs: its code, caches, sweeps, and room for the collector. */
  private static final long OWN_BYTES = 80 * MIB;

  /** The first bytes of a body, which make up at least one statement of the database. */
  private static final long FIRST_BYTES = 4 * MIB;

  /**
   * What is made of a body. The factors are those of the worst contents: a text with a single
   * character outside of Latin-1 takes two bytes for each character.
   */
  public enum Decoding {
    /** Texts that are written in several statements, one after the other. */
    TEXTS(5, 2),
    /** Texts that are decoded as a whole, some of them as long as the body. */
    LONG_TEXTS(4.4, 4.4),
    /** A tree of objects, many of them much larger than their JSON. */
    TREE(32, 32),
    /** Bytes that are stored as they come. */
    BYTES(3, 3);

    private final double first;
    private final double further;

    Decoding(double first, double further) {
      this.first = first;
      this.further = further;
    }

    /** The memory that a body of this size takes. */
    public long cost(long bodyBytes) {
      long beginning = Math.min(bodyBytes, FIRST_BYTES);
      return (long) (first * beginning + further * (bodyBytes - beginning));
    }

    /** The size of the largest body that takes no more than {@code memory}. */
    long largest(long memory) {
      double beginning = Math.min(FIRST_BYTES, memory / first);
      return (long) (beginning + Math.max(0, memory - first * FIRST_BYTES) / further);
    }
  }

  private RequestMemory() {}

  /** The memory for all requests together, in bytes; it depends on the maximum heap only. */
  public static long total() {
    return total(Runtime.getRuntime().maxMemory());
  }

  /** The memory for one request: what remains is for small ones. */
  public static long ofOne() {
    return total() - ofSmall();
  }

  /** The memory that only small requests may use, so that they never wait for large ones. */
  public static long ofSmall() {
    return total() / 16;
  }

  static long total(long heap) {
    long most = Math.min(heap - OWN_BYTES, heap / 8 * 5);
    return Math.max(heap / 4, most);
  }

  /** The heap in which one request can take {@code memory}, in MiB. */
  static long heapMiB(long memory) {
    long total = memory * 16 / 15 + MIB;
    long heap = Math.max(total + OWN_BYTES, total / 5 * 8);
    // A collector may keep a part of the heap to itself.
    return (heap + heap / 8) / MIB + 1;
  }
}
