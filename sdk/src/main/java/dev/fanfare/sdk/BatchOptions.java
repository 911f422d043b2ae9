package dev.fanfare.sdk;

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

  /** No options. */
  public static BatchOptions none() {
    return new BatchOptions(null, null);
  }

  /** A batch with an idempotency key. */
  public static BatchOptions idempotencyKey(String key) {
    return new BatchOptions(key, null);
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
