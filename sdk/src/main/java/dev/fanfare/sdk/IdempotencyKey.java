package dev.fanfare.sdk;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/**
 * An idempotency key with a scope, as the TypeScript SDK makes them: the same text means the same
 * trigger once in the environment, once for each run, or once for each attempt of a run. What is
 * sent is a hash of text and scope; runs show the text.
 *
 * {@snippet :
 * // However often this run is attempted, the mail is sent once.
 * fanfare.trigger(sendEmail, email, options().idempotencyKey(IdempotencyKey.ofRun("receipt", run)));
 * }
 *
 * <p>A key that is given as plain text, {@link TriggerOptions#idempotencyKey(String)}, is sent as
 * it is. Immutable.
 *
 * @param text what the server compares: SHA-256 of the parts joined by {@code -}, in hexadecimal
 * @param key what it was made of
 * @param scope where it is unique
 */
public record IdempotencyKey(String text, String key, Scope scope) {

  /** Where a key is unique, within its task. */
  public enum Scope {
    /** In the whole environment. */
    GLOBAL,
    /** Among the triggers of one run, in all its attempts. */
    RUN,
    /** Among the triggers of one attempt. */
    ATTEMPT;

    String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A key that is unique in the environment. */
  public static IdempotencyKey global(String key) {
    return new IdempotencyKey(hash(key), key, Scope.GLOBAL);
  }

  /** A key that is unique among the triggers of {@code run}, whatever its attempt. */
  public static IdempotencyKey ofRun(String key, RunContext run) {
    return new IdempotencyKey(hash(key + "-" + run.id()), key, Scope.RUN);
  }

  /** A key that is unique among the triggers of this attempt of {@code run}. */
  public static IdempotencyKey ofAttempt(String key, RunContext run) {
    return new IdempotencyKey(hash(key + "-" + run.id() + "-" + run.attempt()), key, Scope.ATTEMPT);
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java has SHA-256", e);
    }
  }
}
