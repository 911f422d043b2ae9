package dev.fanfare.server.access;

import dev.fanfare.server.result.Refusal;
import java.time.Instant;

/**
 * A public access token that can trigger only once; {@link UsedTokenStore} knows whether it has.
 *
 * @param hash SHA-256 of its text, 64 lower-case hexadecimal digits
 * @param expiresAt when it ends
 */
public record OneTimeToken(String hash, Instant expiresAt) {

  /**
   * The refusal of a token that has triggered before.
   *
   * @param what it was to do now, such as {@code batch trigger}
   */
  public static Refusal alreadyUsed(String what) {
    return Refusal.unprocessable(
        "Cannot " + what + " with a one-time use token as it has already been used.");
  }
}
