/**
 * Tasks as their workers declare them, and as triggers name them before any worker did. Also the
 * versions of the workers' code and the tasks of each. Owns {@code tasks}, {@code versions} and
 * {@code version_tasks}. Open {@link dev.fanfare.server.task.TaskStore} first. It never knows a
 * run.
 */
@NullMarked
package dev.fanfare.server.task;

import org.jspecify.annotations.NullMarked;
