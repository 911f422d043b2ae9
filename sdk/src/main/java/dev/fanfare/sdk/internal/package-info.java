/**
 * What the public types are made of. {@link dev.fanfare.sdk.internal.Transport} speaks HTTP and
 * tries again; {@link dev.fanfare.sdk.internal.WorkerSession} keeps a worker's conversation.
 */
@NullMarked
package dev.fanfare.sdk.internal;

import org.jspecify.annotations.NullMarked;
