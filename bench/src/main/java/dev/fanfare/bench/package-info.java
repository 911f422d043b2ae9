/**
 * How fast Fanfare is, as ratios to what the same PostgreSQL gives bare JDBC in the same run.
 *
 * <p>Open {@link dev.fanfare.bench.Bench} first. It starts a {@link dev.fanfare.bench.Stage}: a
 * durable PostgreSQL, the server and the worker in processes of their own. Each work measures ours
 * over HTTP and, on the same database, the limit of {@link dev.fanfare.bench.bare}. Nothing depends
 * on this module, and nothing here is needed to run Fanfare.
 */
@NullMarked
package dev.fanfare.bench;

import org.jspecify.annotations.NullMarked;
