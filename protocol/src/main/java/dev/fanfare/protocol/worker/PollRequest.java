package dev.fanfare.protocol.worker;

/**
 * Requests runs to execute.
 *
 * @param slots how many runs the worker can take now; 0 only renews the session and fetches
 *     cancellations
 */
public record PollRequest(int slots) {}
