package dev.fanfare.protocol;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The public form of an identifier: a prefix such as {@code run_} and the 128 bits of a UUID as 25
 * digits of base 36 ({@code 0-9a-z}).
 *
 * <p>The width is fixed and the digits are in ASCII order, so the texts sort exactly as the UUIDs
 * do when compared as unsigned numbers; for time-ordered UUIDs that is the order of creation. Each
 * id has exactly one text: upper-case digits and other widths are rejected. Thread-safe.
 */
public final class PublicId {
  /** Prefix of a run's id. */
  public static final String RUN = "run_";

  /** Prefix of a batch's id. */
  public static final String BATCH = "batch_";

  /** Prefix of a worker session's id. */
  public static final String SESSION = "session_";

  private static final int DIGITS = 25;
  private static final int RADIX = 36;
  private static final int CHUNK_DIGITS = 5; // 25 digits are five chunks
  private static final int CHUNK = 36 * 36 * 36 * 36 * 36;

  private PublicId() {}

  /** Formats {@code id} with {@code prefix} in front. */
  public static String format(String prefix, UUID id) {
    byte[] text = new byte[prefix.length() + DIGITS];
    for (int i = 0; i < prefix.length(); i++) {
      text[i] = (byte) prefix.charAt(i);
    }
    // Long division of the 128-bit number, as four 32-bit limbs, by 36^5: five digits at a time.
    long a = id.getMostSignificantBits() >>> 32;
    long b = id.getMostSignificantBits() & 0xFFFFFFFFL;
    long c = id.getLeastSignificantBits() >>> 32;
    long d = id.getLeastSignificantBits() & 0xFFFFFFFFL;
    for (int end = text.length; end > prefix.length(); end -= CHUNK_DIGITS) {
      b |= a % CHUNK << 32;
      a /= CHUNK;
      c |= b % CHUNK << 32;
      b /= CHUNK;
      d |= c % CHUNK << 32;
      c /= CHUNK;
      int chunk = (int) (d % CHUNK);
      d /= CHUNK;
      for (int i = end - 1; i >= end - CHUNK_DIGITS; i--) {
        text[i] = (byte) Character.forDigit(chunk % RADIX, RADIX);
        chunk /= RADIX;
      }
    }
    return new String(text, java.nio.charset.StandardCharsets.ISO_8859_1);
  }

  /**
   * Parses an id that begins with {@code prefix}.
   *
   * @return the UUID, or {@code null} if {@code text} is not such an id. Never throws, because the
   *     text may be untrusted
   */
  public static @Nullable UUID parse(String prefix, String text) {
    if (text.length() != prefix.length() + DIGITS || !text.startsWith(prefix)) {
      return null;
    }
    long a = 0;
    long b = 0;
    long c = 0;
    long d = 0;
    for (int i = prefix.length(); i < text.length(); i++) {
      int digit = digit(text.charAt(i));
      if (digit < 0) {
        return null;
      }
      d = d * RADIX + digit;
      c = c * RADIX + (d >>> 32);
      b = b * RADIX + (c >>> 32);
      a = a * RADIX + (b >>> 32);
      d &= 0xFFFFFFFFL;
      c &= 0xFFFFFFFFL;
      b &= 0xFFFFFFFFL;
      if (a >>> 32 != 0) {
        return null; // more than 128 bits
      }
    }
    return new UUID(a << 32 | b, c << 32 | d);
  }

  private static int digit(char c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    return c >= 'a' && c <= 'z' ? c - 'a' + 10 : -1;
  }
}
