/**
 * Who calls, and what they may do: environments, secret keys, public access tokens and their
 * scopes, and how often. Owns the tables {@code environments}, {@code secret_keys} and {@code
 * used_tokens}. Open {@link dev.fanfare.server.access.Doors} first. It knows nothing of runs or
 * batches but their names in scopes.
 */
@NullMarked
package dev.fanfare.server.access;

import org.jspecify.annotations.NullMarked;
