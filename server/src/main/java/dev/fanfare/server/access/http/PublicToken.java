package dev.fanfare.server.access.http;

import java.time.Instant;

/**
 * A verified public access token.
 *
 * @param scopes the actions that it allows
 * @param hash SHA-256 of its text, 64 lower-case hexadecimal digits
 * @param expiresAt when it expires
 * @param oneTime whether it is a one-time token
 */
record PublicToken(Scopes scopes, String hash, Instant expiresAt, boolean oneTime) {}
