package dev.fanfare.server.queue;

/**
 * The key of a lane: what a claim goes round.
 *
 * @param queueId its queue
 * @param concurrencyKey which part of the queue; empty for the whole
 * @param taskId the task of every run in it
 * @param versionId the version that every run in it is locked to; 0: any may execute them
 */
public record Lane(int queueId, String concurrencyKey, int taskId, int versionId) {}
