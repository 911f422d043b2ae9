/**
 * Benchmarks of Fanfare, reported as ratios to a plain-JDBC baseline on the same PostgreSQL.
 *
 * <p>Open {@link dev.fanfare.bench.Bench} first. It starts a {@link dev.fanfare.bench.Testbed}: a
 * durable PostgreSQL, and the server and the worker in separate processes. Each workload measures
 * Fanfare over HTTP and, on the same database, the baseline in {@link dev.fanfare.bench.baseline}.
 * No other module depends on this one.
 */
@NullMarked
package dev.fanfare.bench;

import org.jspecify.annotations.NullMarked;
