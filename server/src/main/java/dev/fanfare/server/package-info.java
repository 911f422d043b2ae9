/**
 * The server: one process, no state that another could not rebuild from the database. {@link
 * dev.fanfare.server.Server} opens, listens and closes; {@link dev.fanfare.server.Components} lists
 * what it is assembled from.
 *
 * <pre>
 * 9  Server  Components              assembles the rooms
 * 8  batch  control  worker          batches, changes of stored runs, workers
 * 7  trigger  lease                  creating runs; runs in a worker's hands
 * 6  run                             what a run is, how it ends, reading it
 * 5  queue  packet                   where runs wait, long payloads
 * 4  access  task                    who may call, what tasks are
 * 3  component                       what a server is assembled from; the loop of the sweeps
 * 2  http                            routes, requests, responses
 * 1  db  json                        transactions and statements; reading JSON
 * 0  config  result  text            settings, refusals, texts
 * </pre>
 *
 * <p>A room knows rooms of lower layers only. Its HTTP edge is its package {@code http}, which
 * knows the room; the room does not know its edge.
 */
@NullMarked
package dev.fanfare.server;

import org.jspecify.annotations.NullMarked;
