package dev.fanfare.acceptance;

import dev.fanfare.server.config.ServerConfigBuilder;

/** Packets in the database, which is the default. */
class PacketsInDatabaseTest extends PacketContract {
  @Override
  ServerConfigBuilder configure(ServerConfigBuilder settings) {
    return settings;
  }
}
