package dev.fanfare.server.packet;

import dev.fanfare.server.component.Sweep;
import java.time.Duration;
import java.time.Instant;

/** Forgets packets that were uploaded for a run that was never triggered. */
final class PacketSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final int AT_ONCE = 100; // each up to 10 MiB to delete

  private final Packets packets;

  PacketSweep(Packets packets) {
    this.packets = packets;
  }

  @Override
  public Duration interval() {
    return INTERVAL;
  }

  @Override
  public int runOnce(int environmentId, Instant now) {
    return packets.prune(environmentId, now, AT_ONCE);
  }
}
