/**
 * The batch routes of all API versions, with the readers of their bodies and their responses. Read
 * {@link dev.fanfare.server.batch.http.BatchRoutes} first. Names that belong to one version of the
 * API do not leave this package.
 */
@NullMarked
package dev.fanfare.server.batch.http;

import org.jspecify.annotations.NullMarked;
