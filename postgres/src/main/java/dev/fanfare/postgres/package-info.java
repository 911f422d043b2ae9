/**
 * Runs a real PostgreSQL server, unpacked from a jar, as a child process of this JVM.
 *
 * <p>Open {@link dev.fanfare.postgres.EmbeddedPostgres} first: its {@code start} method lists the
 * steps. Each step has its own class: {@code HomeLock} (one JVM per home), {@code Binaries}
 * (unpacked once per machine), {@code Identity} (PostgreSQL refuses to run as root), {@code
 * Leftover} (a server that outlived its JVM), {@code DataFolder} (created once, bound to a major
 * version), {@code ServerSettings} (postgresql.conf), {@code GuardedProcess} (ends the server with
 * the JVM), {@code Login} (verifies that the server is ours), {@code Watcher} (restarts a server
 * that was killed).
 *
 * <p>This package does not depend on Fanfare's tables, and never touches a server that it did not
 * start.
 */
@NullMarked
package dev.fanfare.postgres;

import org.jspecify.annotations.NullMarked;
