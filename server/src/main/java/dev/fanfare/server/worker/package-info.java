/**
 * The workers' side of the edge: sessions, long polls, reports. Owns {@code sessions}. Open {@link
 * dev.fanfare.server.worker.WorkerRoutes} first; what a claim or a report does to runs is in the
 * room {@code lease}.
 */
@NullMarked
package dev.fanfare.server.worker;

import org.jspecify.annotations.NullMarked;
