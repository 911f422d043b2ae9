package dev.fanfare.protocol.worker;

/**
 * Asks for work.
 *
 * @param slots how many runs the worker can take now; 0 asks only for cancellations and renews
 */
public record PollRequest(int slots) {}
