/**
 * The server: one process, whose state can be rebuilt from the database. {@link
 * dev.fanfare.server.Server} starts and stops it; {@link dev.fanfare.server.Components} lists its
 * components.
 *
 * <pre>
 * 10  Server  Components              start and stop; the list of components
 * 9   storage                         partitions of the tables that grow with the runs
 * 8   batch  control  worker          batches; changes of stored runs; sessions of workers
 * 7   trigger  lease                  creating runs; leases and reports
 * 6   run                             runs: their data, outcomes and queries
 * 5   queue  packet                   queues; large payloads and outputs
 * 4   access  task                    environments, keys and tokens; declared tasks
 * 3   component                       the interface of components; the loop of the sweeps
 * 2   http                            routes, requests, responses
 * 1   db  json                        transactions and statements; the JSON reader
 * 0   config  result  text            settings; refusals; durations and hashes
 * </pre>
 *
 * <p>A package depends only on packages of lower layers. Its HTTP edge is its subpackage {@code
 * http}, which depends on it, never the other way round.
 */
@NullMarked
package dev.fanfare.server;

import org.jspecify.annotations.NullMarked;
