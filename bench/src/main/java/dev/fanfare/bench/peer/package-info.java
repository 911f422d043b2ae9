/**
 * The peers: queues on PostgreSQL that a user would pick instead of Fanfare, with the settings that
 * their own documentation recommends for throughput.
 *
 * <p>Open {@link dev.fanfare.bench.peer.Peer} first. Each peer has a database of its own, and a
 * producer and a worker in child processes, which the harness drives by lines: {@link
 * dev.fanfare.bench.peer.QueueLines} in Java, {@code src/main/npm/lines.mjs} in JavaScript. This
 * package does not use Fanfare's server or SDK.
 */
@NullMarked
package dev.fanfare.bench.peer;

import org.jspecify.annotations.NullMarked;
