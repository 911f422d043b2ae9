package dev.fanfare.sdk;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/**
 * An idempotency key with a scope: it is unique in the environment, among the triggers of a run, or
 * among the triggers of an attempt. A hash of key and scope is sent, the same as by the TypeScript
 * SDK; runs show the key.
 *
 * {@snippet :
 * // However often this run is attempted, the receipt is sent once.
 * fanfare.trigger(sendEmail, email, options().idempotencyKey(IdempotencyKey.ofRun("receipt", run)));
 * }
 *
 * <p>Plain text, {@link TriggerOptions#idempotencyKey(String)}, is sent unchanged instead.
 * Immutable.
 *
 * @param text what the server compares: the SHA-256 of key, run id and attempt, as far as they are
 *     part of the scope, joined by {@code -}; in hexadecimal
 * @param key the key before hashing
 * @param scope where the key is unique, within its task
 */
public record IdempotencyKey(String text, String key, Scope scope) {

  /** The scope within which a key is unique, for one task. */
  public enum Scope {
    /** The environment. */
    GLOBAL,
    /** The triggers of one run, in all its attempts. */
    RUN,
    /** The triggers of one attempt. */
    ATTEMPT;

    String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A key that is unique in the environment. */
  public static IdempotencyKey global(String key) {
    return new IdempotencyKey(hash(key), key, Scope.GLOBAL);
  }

  /** A key that is unique among the triggers of {@code run}, in all its attempts. */
  public static IdempotencyKey ofRun(String key, RunContext run) {
    return new IdempotencyKey(hash(key + "-" + run.id()), key, Scope.RUN);
  }

  /** A key that is unique among the triggers of the current attempt of {@code run}. */
  public static IdempotencyKey ofAttempt(String key, RunContext run) {
    return new IdempotencyKey(hash(key + "-" + run.id() + "-" + run.attempt()), key, Scope.ATTEMPT);
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 is missing, which every Java platform must have", e);
    }
  }
}
