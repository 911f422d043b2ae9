package dev.fanfare.server.run.wire;

import java.time.Duration;

/**
 * What one item of a trigger may be.
 *
 * @param itemBytesMax longest payload, in bytes of its JSON text
 * @param keyTtl how long an idempotency key is remembered when the item does not say
 */
public record ItemLimits(int itemBytesMax, Duration keyTtl) {}
