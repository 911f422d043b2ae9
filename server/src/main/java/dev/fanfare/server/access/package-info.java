/**
 * Who calls, and what they may do: environments, secret keys, public access tokens and their
 * scopes. Owns the tables {@code environments} and {@code secret_keys}. Open {@link
 * dev.fanfare.server.access.Authenticator} first. It knows nothing of runs or batches but their
 * names in scopes.
 */
@NullMarked
package dev.fanfare.server.access;

import org.jspecify.annotations.NullMarked;
