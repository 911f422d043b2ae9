/**
 * A real PostgreSQL as a child process of this JVM, unpacked from a jar.
 *
 * <p>Open {@link dev.fanfare.postgres.EmbeddedPostgres} first: its {@code start} reads as the list
 * of steps. Each step has a class of its own: {@code HomeLock} (one JVM per home), {@code Binaries}
 * (unpack once per machine), {@code Identity} (PostgreSQL refuses root), {@code Leftover} (a server
 * that outlived its JVM), {@code DataFolder} (made once, of one major version), {@code
 * ServerSettings} (and the why of each), {@code GuardedProcess} (server and JVM die together),
 * {@code Login} (is it ours that answers?).
 *
 * <p>What this room never knows: Fanfare's tables, and any server it did not start itself.
 */
@NullMarked
package dev.fanfare.postgres;

import org.jspecify.annotations.NullMarked;
