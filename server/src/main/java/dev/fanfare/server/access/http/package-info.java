/**
 * Authentication and authorization of HTTP requests: credentials, scopes of public access tokens,
 * rate limits, and the routes that create tokens. Open {@link
 * dev.fanfare.server.access.http.AuthenticatedRoutes} first: only an authenticated route has a
 * caller, so no handler can skip the check.
 */
@NullMarked
package dev.fanfare.server.access.http;

import org.jspecify.annotations.NullMarked;
