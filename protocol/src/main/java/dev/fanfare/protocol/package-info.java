/**
 * What crosses the wire between a Fanfare server and its Java clients and workers: records, limits,
 * error texts and ids.
 *
 * <p>Open {@link dev.fanfare.protocol.RunId} for identity, {@link dev.fanfare.protocol.RunStatus}
 * for the states of a run, and {@link dev.fanfare.protocol.worker.SessionRequest} for the worker's
 * conversation. Nothing here does input or output, and nothing here depends on another module.
 */
@NullMarked
package dev.fanfare.protocol;

import org.jspecify.annotations.NullMarked;
