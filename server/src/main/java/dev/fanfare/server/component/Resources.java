package dev.fanfare.server.component;

import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import java.time.InstantSource;
import java.util.random.RandomGenerator;

/**
 * The resources that the components of a server share.
 *
 * @param config the settings
 * @param database the database
 * @param signals notifies waiting polls of runs that are ready
 * @param clock the server's clock; leases and sweeps use the database's clock instead
 * @param ids generates the ids of new rows
 * @param random randomizes the backoff of retries
 */
public record Resources(
    ServerConfig config,
    Database database,
    Signals signals,
    InstantSource clock,
    TimeOrderedIds ids,
    RandomGenerator random) {}
