package dev.fanfare.server.access;

import dev.fanfare.server.result.Refusal;
import java.time.Duration;
import java.time.Instant;

/**
 * A public access token that can trigger only once. {@link UsedTokenStore} records its use.
 *
 * @param hash SHA-256 of its text, 64 lower-case hexadecimal digits
 * @param expiresAt when it expires, at most {@link #LIFE_MAX} after it was issued
 */
public record OneTimeToken(String hash, Instant expiresAt) {
  /**
   * The maximum life of a one-time token. Its use must be on record until it expires, and clients
   * sign tokens themselves, with any expiry: without a maximum, records would stay forever.
   */
  public static final Duration LIFE_MAX = Duration.ofDays(366);

  /**
   * The refusal of a token that was used before.
   *
   * @param action the requested action, such as {@code batch trigger}
   */
  public static Refusal alreadyUsed(String action) {
    return Refusal.unprocessable(
        "Cannot " + action + " with a one-time use token as it has already been used.");
  }
}
