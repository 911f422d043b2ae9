package dev.fanfare.server.run;

import dev.fanfare.server.packet.Packets;
import dev.fanfare.server.upkeep.Sweep;
import java.time.Duration;
import java.time.Instant;

/** Forgets packets that were uploaded for a run that was never triggered. */
public final class PacketSweep implements Sweep {
  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final int AT_ONCE = 100; // each up to 10 MiB to delete

  private final Packets packets;

  public PacketSweep(Packets packets) {
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
