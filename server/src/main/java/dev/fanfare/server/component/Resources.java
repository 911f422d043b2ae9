package dev.fanfare.server.component;

import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import java.time.InstantSource;
import java.util.random.RandomGenerator;

/**
 * What all components of one server share.
 *
 * @param config the settings
 * @param database where everything is stored
 * @param signals wakes polls that wait for runs
 * @param clock the server's time; leases and sweeps go by the database's
 * @param ids what new rows are named by
 * @param random spreads retries
 */
public record Resources(
    ServerConfig config,
    Database database,
    Signals signals,
    InstantSource clock,
    TimeOrderedIds ids,
    RandomGenerator random) {}
