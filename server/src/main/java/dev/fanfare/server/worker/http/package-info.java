/**
 * The worker protocol over HTTP; its records are in {@code dev.fanfare.protocol.worker}. Open
 * {@link dev.fanfare.server.worker.http.WorkerRoutes} first.
 */
@NullMarked
package dev.fanfare.server.worker.http;

import org.jspecify.annotations.NullMarked;
