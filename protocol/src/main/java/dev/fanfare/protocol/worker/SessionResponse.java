package dev.fanfare.protocol.worker;

/**
 * The session is open.
 *
 * @param sessionId names it in later calls
 * @param leaseMillis how long it lives after each contact; a worker should be in touch at least
 *     every third of it
 * @param pollMillis how long the server holds a poll that has nothing to hand out
 */
public record SessionResponse(String sessionId, long leaseMillis, long pollMillis) {}
