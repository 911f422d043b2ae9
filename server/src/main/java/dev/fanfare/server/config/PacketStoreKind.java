package dev.fanfare.server.config;

/** Where the bytes of packets are stored. */
public enum PacketStoreKind {
  /** In the database, with everything else. */
  DATABASE,
  /** In a folder, which all servers of one database share. */
  DISK
}
