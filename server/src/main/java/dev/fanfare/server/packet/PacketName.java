package dev.fanfare.server.packet;

/** A packet among those of all environments. */
public record PacketName(int environmentId, String path) {}
