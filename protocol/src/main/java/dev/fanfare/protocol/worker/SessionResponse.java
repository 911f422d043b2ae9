package dev.fanfare.protocol.worker;

import org.jspecify.annotations.Nullable;

/**
 * Confirms that a session is open.
 *
 * @param sessionId identifies the session in later calls
 * @param leaseMillis how long the session lives after each call; a worker should make a call at
 *     least every third of this time
 * @param pollMillis how long the server holds a poll while there are no runs to claim
 * @param heldMax how many runs the worker can hold, without those that succeeded and are only to be
 *     reported; absent, from older servers: twice its slots
 */
public record SessionResponse(
    String sessionId, long leaseMillis, long pollMillis, @Nullable Integer heldMax) {}
