/**
 * The wire protocol between a Fanfare server and its Java clients and workers: records, limits,
 * states, error codes and ids.
 *
 * <p>Open {@link dev.fanfare.protocol.PublicId} for ids, {@link dev.fanfare.protocol.RunStatus} for
 * the states of a run, and {@link dev.fanfare.protocol.worker.SessionRequest} for the worker
 * protocol. This package performs no I/O and depends on no other module of Fanfare.
 */
@NullMarked
package dev.fanfare.protocol;

import org.jspecify.annotations.NullMarked;
