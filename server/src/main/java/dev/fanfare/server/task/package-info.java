/**
 * Tasks as their workers declare them, and as triggers name them before any worker did. Owns the
 * table {@code tasks}. Open {@link dev.fanfare.server.task.TaskStore} first. It never knows a run.
 */
@NullMarked
package dev.fanfare.server.task;

import org.jspecify.annotations.NullMarked;
