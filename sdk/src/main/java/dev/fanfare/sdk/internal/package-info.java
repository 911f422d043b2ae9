/**
 * What the public types are made of. {@link dev.fanfare.sdk.internal.Transport} speaks HTTP and
 * tries again; the package {@code worker} below keeps a worker's conversation.
 */
@NullMarked
package dev.fanfare.sdk.internal;

import org.jspecify.annotations.NullMarked;
