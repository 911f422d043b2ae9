/**
 * The endpoints that act on stored runs: cancel, replay, reschedule, tags, metadata, key reset.
 * Open {@link dev.fanfare.server.control.http.ControlRoutes} first.
 */
@NullMarked
package dev.fanfare.server.control.http;

import org.jspecify.annotations.NullMarked;
