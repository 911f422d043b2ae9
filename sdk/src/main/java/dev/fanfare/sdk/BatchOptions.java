package dev.fanfare.sdk;

import dev.fanfare.protocol.Limits;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a batch says beside its items.
 *
 * @param idempotencyKey makes the same batch sent twice one batch, and gives every item without a
 *     key one made of this key and its index; absent: every batch is a new one
 * @param idempotencyKeyTtl how long the key is remembered; absent: 30 days
 */
public record BatchOptions(@Nullable String idempotencyKey, @Nullable Duration idempotencyKeyTtl) {

  /** Refuses a key that no header carries, or a lifetime shorter than a second. */
  public BatchOptions {
    if (idempotencyKey != null
        && !idempotencyKey.matches("[!-~]{1," + Limits.IDEMPOTENCY_KEY_CHARS_MAX + "}")) {
      throw new IllegalArgumentException(
          "A batch's idempotency key must be 1 to "
              + Limits.IDEMPOTENCY_KEY_CHARS_MAX
              + " ASCII characters without spaces: it travels in a header");
    }
    if (idempotencyKeyTtl != null && idempotencyKeyTtl.toSeconds() < 1) {
      throw new IllegalArgumentException("An idempotency key must live at least a second");
    }
  }

  /** No options. */
  public static BatchOptions none() {
    return new BatchOptions(null, null);
  }

  /** A batch with an idempotency key. */
  public static BatchOptions idempotencyKey(String key) {
    return new BatchOptions(key, null);
  }

  /** How long the key is remembered, in whole seconds. */
  public BatchOptions ttl(Duration ttl) {
    return new BatchOptions(idempotencyKey, ttl);
  }

  Map<String, String> headers() {
    Map<String, String> headers = new LinkedHashMap<>();
    if (idempotencyKey != null) {
      headers.put("idempotency-key", idempotencyKey);
    }
    if (idempotencyKeyTtl != null) {
      headers.put("idempotency-key-ttl", idempotencyKeyTtl.toSeconds() + "s");
    }
    return headers;
  }
}
