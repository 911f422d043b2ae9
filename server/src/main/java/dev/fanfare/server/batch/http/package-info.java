/**
 * The batch endpoints in all their dialects: routes, the readers of their bodies, their responses.
 * Open {@link dev.fanfare.server.batch.http.BatchRoutes} first. Words of a dialect stop here.
 */
@NullMarked
package dev.fanfare.server.batch.http;

import org.jspecify.annotations.NullMarked;
