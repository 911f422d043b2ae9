package dev.fanfare.server.access.http;

import java.time.Instant;

/**
 * A public access token that is valid.
 *
 * @param scopes what it allows
 * @param hash SHA-256 of its text, 64 lower-case hexadecimal digits
 * @param expiresAt when it ends
 * @param oneTime whether it can trigger only once
 */
record PublicToken(Scopes scopes, String hash, Instant expiresAt, boolean oneTime) {}
