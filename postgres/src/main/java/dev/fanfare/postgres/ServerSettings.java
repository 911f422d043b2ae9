package dev.fanfare.postgres;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/** The settings of the server; the file {@code postgresql.conf} gives the reason for each. */
record ServerSettings(long memoryMegabytes, boolean durable) {

  static ServerSettings forThisMachine(boolean durable) {
    // Respects the memory limit of a container, not only the size of the machine.
    var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return new ServerSettings(system.getTotalMemorySize() >> 20, durable);
  }

  long sharedBuffersMegabytes() {
    return Math.clamp(memoryMegabytes / 8, 32, 256);
  }

  String text() throws IOException {
    try (InputStream in = ServerSettings.class.getResourceAsStream("postgresql.conf")) {
      if (in == null) {
        throw new IllegalStateException("postgresql.conf is missing from the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .replace("${shared_buffers}", Long.toString(sharedBuffersMegabytes()))
          .replace("${effective_cache_size}", Long.toString(Math.max(128, memoryMegabytes / 2)))
          .replace("${durable}", durable ? "on" : "off");
    }
  }

  /** Writes the settings into the home and returns the command that starts a server with them. */
  List<String> command(Binaries binaries, Home home, int port) throws IOException {
    Files.writeString(home.settings(), text());
    List<String> words = new ArrayList<>();
    words.addAll(List.of(binaries.postgres(), "-D", home.data().toString()));
    for (String setting :
        List.of(
            "config_file=" + home.settings(),
            "hba_file=" + home.data().resolve("pg_hba.conf"),
            "ident_file=" + home.data().resolve("pg_ident.conf"),
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "port=" + port)) {
      words.addAll(List.of("-c", setting));
    }
    return words;
  }
}
