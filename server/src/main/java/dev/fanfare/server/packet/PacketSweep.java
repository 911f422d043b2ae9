package dev.fanfare.server.packet;

import dev.fanfare.server.component.DueQuery;
import dev.fanfare.server.component.Sweep;
import java.time.Duration;
import java.time.Instant;

/** Deletes packets that were uploaded for runs that were never triggered, or that are gone. */
final class PacketSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final int PACKETS_MAX = 100; // few, because each can have 10 MiB to delete

  private final Packets packets;

  PacketSweep(Packets packets) {
    this.packets = packets;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public DueQuery dueQuery() {
    return new DueQuery(PacketStore.DUE, Packets.UNUSED_LIFE);
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    return packets.prune(environmentId, now, PACKETS_MAX);
  }
}
