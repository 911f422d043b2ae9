/**
 * Reading runs over HTTP: one run, a list, or a result, in the vocabularies of the API's versions.
 * Read {@link dev.fanfare.server.run.http.RunRoutes} first.
 */
@NullMarked
package dev.fanfare.server.run.http;

import org.jspecify.annotations.NullMarked;
