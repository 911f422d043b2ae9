/**
 * The worker protocol over HTTP. Open {@link dev.fanfare.server.worker.http.WorkerRoutes} first;
 * its records are in {@code dev.fanfare.protocol.worker}.
 */
@NullMarked
package dev.fanfare.server.worker.http;

import org.jspecify.annotations.NullMarked;
