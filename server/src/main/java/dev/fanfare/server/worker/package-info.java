/**
 * The calls of workers: open a session, poll, report, close. Owns no table. The sessions, and what
 * claims and reports do to runs, are in the package {@code lease}. Open {@link
 * dev.fanfare.server.worker.Sessions} first.
 */
@NullMarked
package dev.fanfare.server.worker;

import org.jspecify.annotations.NullMarked;
