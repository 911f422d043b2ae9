/**
 * The HTTP edge without any resource: a list of routes, what a handler sees of a request ({@link
 * dev.fanfare.server.http.Exchange}), what it answers ({@link dev.fanfare.server.http.Response}),
 * and the bounds on what clients may send. Open {@link dev.fanfare.server.http.HttpServer} first.
 * It knows no room and no table.
 */
@NullMarked
package dev.fanfare.server.http;

import org.jspecify.annotations.NullMarked;
