package dev.fanfare.server.packet;

import static dev.fanfare.server.config.ServerSettings.HOME;
import static dev.fanfare.server.config.ServerSettings.PACKET_FOLDER;
import static dev.fanfare.server.config.ServerSettings.PACKET_STORE;

import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.StartException;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.config.PacketStoreKind;
import dev.fanfare.server.config.ServerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The packet component. A setting chooses whether the bytes are in the database or in a folder. */
public final class PacketComponent implements Component {
  private static final String FOLDER = "packets";

  private final Packets packets;
  private final List<Sweep> sweeps;

  public PacketComponent(Resources resources) {
    this.packets = new Packets(resources.database(), byteStore(resources), resources.clock());
    this.sweeps = List.of(new PacketSweep(packets));
  }

  private static ByteStore byteStore(Resources resources) {
    ServerConfig config = resources.config();
    if (config.get(PACKET_STORE) == PacketStoreKind.DATABASE) {
      return new PacketBytesStore(resources.database());
    }
    Path chosen = config.get(PACKET_FOLDER);
    Path folder = chosen == null ? config.get(HOME).resolve(FOLDER) : chosen;
    try {
      return new PacketFolder(folder, resources.clock().instant());
    } catch (IOException e) {
      throw new StartException("The folder of packets " + folder + " cannot be used: " + e, e);
    }
  }

  /** Stores and reads packets. */
  public Packets packets() {
    return packets;
  }

  @Override
  public List<Sweep> sweeps() {
    return sweeps;
  }
}
