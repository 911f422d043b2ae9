/**
 * Tasks, as workers declare them or as triggers first name them, and the versions of the workers'
 * code with the tasks of each. Owns {@code tasks}, {@code versions} and {@code version_tasks}.
 * Reads no runs. Open {@link dev.fanfare.server.task.TaskStore} first.
 */
@NullMarked
package dev.fanfare.server.task;

import org.jspecify.annotations.NullMarked;
