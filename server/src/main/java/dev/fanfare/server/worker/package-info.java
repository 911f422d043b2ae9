/**
 * The sessions of workers that talk to this server: opening, polling, reporting, closing. Owns no
 * table: what a claim or a report does to runs, and the sessions themselves, are in the room {@code
 * lease}. Open {@link dev.fanfare.server.worker.Sessions} first.
 */
@NullMarked
package dev.fanfare.server.worker;

import org.jspecify.annotations.NullMarked;
