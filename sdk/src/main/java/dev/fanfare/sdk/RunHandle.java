package dev.fanfare.sdk;

/**
 * The result of triggering a run, which is durable by now. Immutable.
 *
 * @param id the run's id, {@code run_…}
 * @param isCached whether the run already existed, by its idempotency key
 */
public record RunHandle(String id, boolean isCached) {}
