package dev.fanfare.sdk;

/**
 * The answer to a trigger.
 *
 * @param id the run's id, {@code run_…}
 * @param isCached whether that run was there before, by its idempotency key
 */
public record RunHandle(String id, boolean isCached) {}
