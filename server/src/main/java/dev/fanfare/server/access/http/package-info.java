/**
 * Who calls over HTTP and what they may do: credentials, scopes of public access tokens, rate
 * limits, and the routes that make tokens. Open {@link
 * dev.fanfare.server.access.http.AuthenticatedRoutes} first: a handler cannot forget to check its
 * caller, because only an authenticated route has one.
 */
@NullMarked
package dev.fanfare.server.access.http;

import org.jspecify.annotations.NullMarked;
