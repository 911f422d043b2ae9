/**
 * Reading runs over HTTP: one, a list, a result, in the vocabularies of the API's versions. Open
 * {@link dev.fanfare.server.run.http.RunRoutes} first.
 */
@NullMarked
package dev.fanfare.server.run.http;

import org.jspecify.annotations.NullMarked;
