/**
 * The partitions of the tables that grow with the runs: they are created ahead of time, and dropped
 * when all that they contain is older than the longest retention. What environments with a shorter
 * one do not keep as long is deleted row by row. Owns {@code retention_walks}; knows the tables of
 * all rooms below. Open {@link dev.fanfare.server.storage.PartitionSweep} first.
 */
@NullMarked
package dev.fanfare.server.storage;

import org.jspecify.annotations.NullMarked;
