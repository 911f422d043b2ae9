package dev.fanfare.bench;

import dev.fanfare.server.Server;
import dev.fanfare.server.config.Settings;
import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * The main class of the server's process: prints its URL and key, and serves until stdin closes.
 */
final class ServerMain {
  private ServerMain() {}

  public static void main(String[] args) throws IOException {
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    Settings settings = Settings.read(System.getenv(), Path.of(""));
    try (Server server = Server.start(settings.config())) {
      System.out.println("ready " + server.url() + " " + server.developmentKey());
      while (System.in.read() >= 0) {
        // wait for the end of the input; its content is irrelevant
      }
    }
  }
}
