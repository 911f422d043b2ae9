package dev.fanfare.server.queue;

/**
 * The key of a lane: what a claim goes round.
 *
 * @param queueId its queue
 * @param concurrencyKey which part of the queue; empty for the whole
 * @param taskId the task of every run in it
 */
public record Lane(int queueId, String concurrencyKey, int taskId) {}
