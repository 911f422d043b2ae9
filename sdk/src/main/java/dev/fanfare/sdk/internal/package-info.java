/**
 * The implementation of the client. {@link dev.fanfare.sdk.internal.Api} has a method for each call
 * of the HTTP API; {@link dev.fanfare.sdk.internal.Transport} sends it and retries. The package
 * {@code worker} executes runs.
 */
@NullMarked
package dev.fanfare.sdk.internal;

import org.jspecify.annotations.NullMarked;
