package dev.fanfare.protocol.worker;

import java.util.List;

/**
 * Opens a session for a worker and declares its tasks.
 *
 * @param name human-readable name of the worker, shown in logs, such as its host and process id; at
 *     most 128 characters
 * @param version the version of the code it runs; at most 128 characters
 * @param slots how many runs it executes at once, at least 1
 * @param tasks the tasks it can execute, at least one, with distinct ids
 */
public record SessionRequest(String name, String version, int slots, List<TaskDefinition> tasks) {}
