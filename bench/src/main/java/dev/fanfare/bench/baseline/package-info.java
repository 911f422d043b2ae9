/**
 * The baseline: plain JDBC that does the same durable work with as few statements as possible. It
 * has its own tables with as many indexes as Fanfare's, but no HTTP, workers, queues, batches or
 * fences.
 *
 * <p>Open {@link dev.fanfare.bench.baseline.BaselineQueue} first. This package does not use
 * Fanfare's server or SDK.
 */
@NullMarked
package dev.fanfare.bench.baseline;

import org.jspecify.annotations.NullMarked;
