/**
 * The HTTP server and its vocabulary: routes, requests ({@link dev.fanfare.server.http.Exchange}),
 * responses ({@link dev.fanfare.server.http.Response}), and limits on what clients may send. Open
 * {@link dev.fanfare.server.http.HttpServer} first. It has no routes of its own and owns no table.
 */
@NullMarked
package dev.fanfare.server.http;

import org.jspecify.annotations.NullMarked;
