/**
 * The server: one process, no state that another could not rebuild from the database. {@link
 * dev.fanfare.server.Server} wires the rooms and is the only place that makes them.
 *
 * <pre>
 * 6  Server  Rooms                         wires the rooms
 * 5  batch  worker                         the edges of batches and workers
 * 4  lease                                 a run in a worker's hands
 * 3  run                                   a run from its trigger to its end
 * 2  queue  task  access  packet  upkeep   where runs wait, what tasks are, who may call, long payloads
 * 1  http  db  config                      know no room
 * 0  protocol                              what crosses the wire
 * </pre>
 */
@NullMarked
package dev.fanfare.server;

import org.jspecify.annotations.NullMarked;
