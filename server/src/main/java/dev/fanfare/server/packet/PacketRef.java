package dev.fanfare.server.packet;

import java.util.UUID;

/**
 * A run that refers to a packet.
 *
 * @param path the path of the packet
 */
public record PacketRef(UUID runId, String path) {}
