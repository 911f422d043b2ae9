/**
 * What measures: calls from several threads and their durations, child processes, and the CPU time
 * that other processes take meanwhile.
 *
 * <p>Open {@link dev.fanfare.bench.measure.Callers} first. This package knows neither Fanfare nor
 * the peers.
 */
@NullMarked
package dev.fanfare.bench.measure;

import org.jspecify.annotations.NullMarked;
