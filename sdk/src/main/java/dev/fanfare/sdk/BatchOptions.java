package dev.fanfare.sdk;

import dev.fanfare.protocol.Limits;
import dev.fanfare.sdk.internal.Spans;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The options of a batch as a whole. Immutable.
 *
 * @param idempotencyKey makes a batch that is triggered twice one batch, and gives every item
 *     without a key one derived from this key and the item's index; absent: every trigger creates a
 *     new batch
 * @param idempotencyKeyTtl how long the key is remembered, in whole seconds, from 1 s; absent: 30
 *     days
 */
public record BatchOptions(@Nullable String idempotencyKey, @Nullable Duration idempotencyKeyTtl) {

  /**
   * Checks both options.
   *
   * @throws IllegalArgumentException when the key cannot be sent as a header, or its ttl is not
   *     from a second to 36,500 days
   */
  public BatchOptions {
    if (idempotencyKey != null
        && !idempotencyKey.matches("[!-~]{1," + Limits.IDEMPOTENCY_KEY_CHARS_MAX + "}")) {
      throw new IllegalArgumentException(
          "A batch's idempotency key is sent as a header and must have 1 to "
              + Limits.IDEMPOTENCY_KEY_CHARS_MAX
              + " visible ASCII characters without spaces");
    }
    if (idempotencyKeyTtl != null) {
      Spans.between("idempotencyKeyTtl", Duration.ofSeconds(1), idempotencyKeyTtl);
    }
  }

  /** No options. */
  public static BatchOptions none() {
    return new BatchOptions(null, null);
  }

  /** An idempotency key: 1 to 2,048 visible ASCII characters. */
  public static BatchOptions idempotencyKey(String key) {
    return new BatchOptions(key, null);
  }

  /** How long the idempotency key is remembered, in whole seconds. Default 30 days. */
  public BatchOptions idempotencyKeyTtl(Duration ttl) {
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
