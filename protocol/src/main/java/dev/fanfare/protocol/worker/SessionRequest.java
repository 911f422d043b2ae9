package dev.fanfare.protocol.worker;

import java.util.List;

/**
 * A worker introduces itself.
 *
 * @param name what a person recognises the worker by, such as host and process id; at most 128
 *     characters
 * @param version the version of the code it runs; at most 128 characters
 * @param slots how many runs it executes at once, from 1
 * @param tasks the tasks it can execute, at least one, each id once
 */
public record SessionRequest(String name, String version, int slots, List<TaskDefinition> tasks) {}
