/**
 * The endpoints that act on a stored run: cancel, replay, reschedule, tags, metadata, key reset.
 * Open {@link dev.fanfare.server.control.http.ControlRoutes} first.
 */
@NullMarked
package dev.fanfare.server.control.http;

import org.jspecify.annotations.NullMarked;
