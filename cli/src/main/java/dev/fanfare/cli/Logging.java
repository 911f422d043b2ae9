package dev.fanfare.cli;

import dev.fanfare.server.config.Settings;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Sets up logging as the settings say. Must come before the first logger is made: {@code
 * logback.xml} reads these properties once.
 */
final class Logging {
  private Logging() {}

  /** Logs from {@code level} on, unless the settings name another. */
  static void start(Settings settings, String level) {
    String chosen = settings.logLevel() == null ? level : settings.logLevel();
    System.setProperty("fanfare.log.level", chosen);
    System.setProperty(
        "fanfare.log.format", settings.logFormat() == null ? "text" : settings.logFormat());
    // Helidon, the JDBC driver and the JDK log through java.util.logging.
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
  }
}
