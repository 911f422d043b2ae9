package dev.fanfare.server.text;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** A SHA-256 hash with value equality. Immutable. */
public final class Hash {
  private final byte[] bytes;

  /** A stored hash. */
  public Hash(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The hash of {@code text} in UTF-8. */
  public static Hash of(String text) {
    try {
      return new Hash(
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e); // every Java has it
    }
  }

  /** The hash of a list of texts; other texts, or the same in other parts, have other hashes. */
  public static Hash of(Iterable<String> texts) {
    StringBuilder joined = new StringBuilder();
    for (String text : texts) {
      joined.append(text.length()).append(':').append(text);
    }
    return of(joined.toString());
  }

  /** A copy of the 32 bytes. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** The hash as 64 lower-case hexadecimal digits. */
  public String hex() {
    return HexFormat.of().formatHex(bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Hash hash && Arrays.equals(bytes, hash.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }
}
