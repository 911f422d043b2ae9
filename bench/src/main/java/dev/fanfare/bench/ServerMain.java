package dev.fanfare.bench;

import dev.fanfare.server.Server;
import dev.fanfare.server.config.Settings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * The main class of the server's process: prints its URL and key, and serves until stdin closes. To
 * each line, it answers with what is left in its heap after a garbage collection, in bytes.
 */
final class ServerMain {
  private ServerMain() {}

  public static void main(String[] args) throws IOException {
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    Settings settings = Settings.read(System.getenv(), Path.of(""));
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (Server server = Server.start(settings.config())) {
      System.out.println("ready " + server.url() + " " + server.developmentKey());
      while (lines.readLine() != null) {
        System.out.println("live " + liveHeapBytes());
      }
    }
  }

  private static long liveHeapBytes() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
