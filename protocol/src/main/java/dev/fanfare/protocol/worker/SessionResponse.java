package dev.fanfare.protocol.worker;

/**
 * Confirms that a session is open.
 *
 * @param sessionId identifies the session in later calls
 * @param leaseMillis how long the session lives after each call; a worker should make a call at
 *     least every third of this time
 * @param pollMillis how long the server holds a poll while there are no runs to claim
 */
public record SessionResponse(String sessionId, long leaseMillis, long pollMillis) {}
