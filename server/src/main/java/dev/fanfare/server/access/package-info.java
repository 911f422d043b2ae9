/**
 * Environments, their secret keys, and the one-time tokens that were used. Owns {@code
 * environments}, {@code secret_keys} and {@code used_tokens}. Open {@link
 * dev.fanfare.server.access.Keys} first. Who calls over HTTP, and what they may do, is in {@code
 * access.http}. It knows nothing of runs or batches.
 */
@NullMarked
package dev.fanfare.server.access;

import org.jspecify.annotations.NullMarked;
