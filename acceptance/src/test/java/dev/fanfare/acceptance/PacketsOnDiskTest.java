package dev.fanfare.acceptance;

import dev.fanfare.server.config.PacketStoreKind;
import dev.fanfare.server.config.ServerConfigBuilder;

/** Packets in a folder. */
class PacketsOnDiskTest extends PacketContract {
  @Override
  ServerConfigBuilder configure(ServerConfigBuilder settings) {
    return settings.packetStore(PacketStoreKind.DISK);
  }
}
