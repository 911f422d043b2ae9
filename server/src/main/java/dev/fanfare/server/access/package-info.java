/**
 * Environments, their secret keys, and used one-time tokens. Owns {@code environments}, {@code
 * secret_keys} and {@code used_tokens}. Open {@link dev.fanfare.server.access.Keys} first. The
 * authentication and authorization of HTTP requests is in {@code access.http}. This package does
 * not depend on runs or batches.
 */
@NullMarked
package dev.fanfare.server.access;

import org.jspecify.annotations.NullMarked;
