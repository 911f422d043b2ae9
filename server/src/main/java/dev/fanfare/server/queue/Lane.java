package dev.fanfare.server.queue;

/**
 * The key of a lane. All its runs have the same queue, concurrency key, task and version.
 *
 * @param concurrencyKey empty: runs without a concurrency key
 * @param versionId the version that the runs are locked to; 0: none
 */
public record Lane(int queueId, String concurrencyKey, int taskId, int versionId) {}
