package dev.fanfare.server.access;

import dev.fanfare.server.text.Hash;
import java.security.SecureRandom;

/**
 * A secret key of an environment: {@code tr_dev_}, {@code tr_stg_} or {@code tr_prod_} followed by
 * 24 letters and digits. {@link #toString()} hides it, so that it is not logged by accident.
 * Immutable.
 */
public final class SecretKey {
  private static final String ALPHABET =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  private static final int LENGTH = 24;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final String text;

  SecretKey(String text) {
    this.text = text;
  }

  /** A new random key for an environment. */
  static SecretKey generate(String environmentSlug) {
    StringBuilder text = new StringBuilder(prefix(environmentSlug));
    for (int i = 0; i < LENGTH; i++) {
      text.append(ALPHABET.charAt(RANDOM.nextInt(ALPHABET.length())));
    }
    return new SecretKey(text.toString());
  }

  private static String prefix(String environmentSlug) {
    return switch (environmentSlug) {
      case "dev" -> "tr_dev_";
      case "staging" -> "tr_stg_";
      case "prod" -> "tr_prod_";
      default -> throw new IllegalArgumentException("There is no environment " + environmentSlug);
    };
  }

  /** The key itself. */
  public String text() {
    return text;
  }

  /** Its SHA-256, by which the database finds it. */
  byte[] hash() {
    return hash(text);
  }

  static byte[] hash(String text) {
    return Hash.of(text).bytes();
  }

  @Override
  public String toString() {
    return "SecretKey[…" + text.substring(text.length() - 4) + "]";
  }
}
